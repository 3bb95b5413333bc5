// The twenty seconds before the show: what was measured, and what to change. Pure; `lobby.js` measures.
// Units: dB of full scale, effective values; milliseconds.
/** @import {SoundCheck, Advice, HelloSoundCheck} from './types' */

/** What the host reads aloud, by the show's language: vowels, sibilants, plosives, and words that recognisers know. */
const SENTENCES = /** @type {Record<string, string>} */ ({
  en: 'Please put six fresh peaches beside the big blue chair.',
  de: 'Bitte stellen Sie sechs frische Kirschen neben den großen blauen Tisch.',
  fr: 'Posez six belles pêches fraîches à côté de la grande chaise bleue.',
  es: 'Por favor, pon seis peras frescas junto a la gran silla azul.',
});

/** @param {string} language BCP 47; a language without a sentence of its own gets the English one. */
export const sentenceIn = (language) => SENTENCES[language.slice(0, 2).toLowerCase()] ?? SENTENCES.en;

/** Of the sentence's words so many are understood by a recogniser that hears well; two of ten may slip. */
const UNDERSTOOD_MIN = 0.75;

/** @param {string} text @returns {string[]} Words without their marks. */
const wordsOf = (text) => text.toLowerCase().normalize('NFC').replaceAll(/[^\p{L}\p{N}\s]/gu, '').split(/\s+/).filter(Boolean);

/**
 * The share of the sentence's words that were understood, in their order.
 * @param {string} sentence @param {string} heard
 */
export function understoodShare(sentence, heard) {
  const [wanted, got] = [wordsOf(sentence), wordsOf(heard)];
  // The longest common subsequence, row by row.
  let row = new Array(got.length + 1).fill(0);
  for (const word of wanted) {
    const next = [0];
    got.forEach((other, i) => next.push(word === other ? row[i] + 1 : Math.max(row[i + 1], next[i])));
    row = next;
  }
  return wanted.length === 0 ? 0 : row[got.length] / wanted.length;
}

/**
 * The check as `hello` tells it; kept in `session.yml`.
 * @param {SoundCheck} check @param {boolean} hasHeadphones @returns {HelloSoundCheck}
 */
export function toHello({ levelDb, peakDb, noiseDb, echoDb, roundTripMs, understood }, hasHeadphones) {
  const level = (/** @type {number} */ db) => Math.max(-100, Math.min(0, Math.round(db)));
  return {
    levelDbfs: level(levelDb), peakDbfs: level(peakDb), noiseDbfs: level(noiseDb), echoDbfs: level(echoDb),
    roundTripMs: Math.max(0, Math.min(60_000, Math.round(roundTripMs))), headphones: hasHeadphones,
    ...(understood ? { recognisedPerMille: Math.round(understood.share * 1000) } : {}),
  };
}

/** A quiet room lies below −60; a fan in it above −50. */
const NOISE_DB_MAX = -50;
/** Speech for a recording lies between these; loud laughter needs the room above. */
const [LEVEL_DB_MIN, LEVEL_DB_MAX] = [-36, -12];
/** Peaks above this are cut off. */
const PEAK_DB_MAX = -1;
/** Speech this far above the room is understood and edits well. */
const DISTANCE_DB_MIN = 20;
/** The loudspeaker's sound in the microphone, above the room's own. */
const ECHO_DB_MAX = 12;
/** Longer, and talking feels like a satellite link. */
const ROUND_TRIP_MS_MAX = 150;

/** @param {number} value Effective value, 0 to 1. */
export const decibels = (value) => Math.max(-100, Math.round(20 * Math.log10(Math.max(value, 1e-5))));

/**
 * The level that a share of the measured stretches stays below.
 * @param {number[]} levels @param {number} share
 */
export function quantile(levels, share) {
  if (levels.length === 0) return 0;
  const sorted = levels.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/**
 * @param {SoundCheck} check
 * @param {boolean} hasHeadphones
 * @returns {Advice[]} In the order in which to mend them; one that says all is well if nothing is wrong.
 */
export function judge(check, hasHeadphones) {
  /** @type {Advice[]} */
  const advice = [];
  const say = (/** @type {string} */ what, /** @type {string} */ text) => advice.push({ what, text, isGood: false });
  const { levelDb, peakDb, noiseDb, echoDb, roundTripMs, understood } = check;
  if (levelDb < noiseDb + 6) say('level', 'Your voice was not heard. Choose another microphone, or switch this one on.');
  else if (levelDb < LEVEL_DB_MIN) say('level', 'You are too quiet. Come closer, about a hand’s width from the microphone, or turn it up.');
  else if (peakDb > PEAK_DB_MAX) say('level', 'You are too loud and your voice is cut off. Turn the microphone down.');
  else if (levelDb > LEVEL_DB_MAX) say('level', 'You are very loud. Turn the microphone down a little, so that a laugh still fits.');
  if (noiseDb > NOISE_DB_MAX) say('noise', 'The room is noisy. Close the window, and switch off fans and other devices.');
  else if (levelDb >= noiseDb + 6 && levelDb - noiseDb < DISTANCE_DB_MIN) {
    say('noise', 'Your voice stands out too little. Come closer to the microphone.');
  }
  if (echoDb - noiseDb > ECHO_DB_MAX) {
    say('echo', hasHeadphones
      ? 'The microphone hears your headphones. Turn them down, or answer No to the question about headphones.'
      : 'The microphone hears your loudspeakers. Wear headphones, or turn the loudspeakers down.');
  }
  // Whoever was not heard at all was told so above.
  if (understood && understood.share < UNDERSTOOD_MIN && levelDb >= noiseDb + 6) {
    say('words', understood.text === ''
      ? 'The studio heard you and understood no word. Choose another microphone, or speak more clearly and closer to it.'
      : `The studio understood “${understood.text}”. Speak a little slower and closer to the microphone.`);
  }
  if (roundTripMs > ROUND_TRIP_MS_MAX) say('link', 'The way to the studio is slow. Use a cable, or come closer to the router.');
  if (advice.length === 0) advice.push({ what: 'all', text: 'All is well. You can begin.', isGood: true });
  return advice;
}
