// How good the way to the studio is, in a word and in figures. Pure.
/** @import {LinkFacts} from './types' */

/** Up to here nobody hears the way, and from there on everybody does. */
const GOOD_MS = 80;
const FAIR_MS = 200;
/** So much lost sound is repaired unheard, and from there on words are missing. Per cent. */
const GOOD_LOSS = 2;
const FAIR_LOSS = 10;

const WORDS = { good: 'Good', fair: 'Fair', poor: 'Poor' };

/** The round trip of a question that was not answered. */
export const NO_ANSWER = Infinity;

/**
 * How far it is to the studio, and `null` where the connection was lost meanwhile: of that one nothing is said any more.
 * @param {() => Promise<number>} ask @param {() => boolean} isConnected
 */
export async function measured(ask, isConnected) {
  const ms = await ask().catch(() => NO_ANSWER);
  return isConnected() ? ms : null;
}

/**
 * The way in a word: what carries the sound counts. A studio that does not answer gets no order either, whatever still
 * carries the sound.
 * @param {LinkFacts} facts
 * @returns {{quality: 'good' | 'fair' | 'poor', text: string} | null} `null` until it was measured.
 */
export function linkWord({ roundTripMs, line }) {
  if (roundTripMs === NO_ANSWER) return { quality: 'poor', text: 'Poor link, no answer' };
  const ms = line ? line.rttMs : roundTripMs;
  if (ms === null) return null;
  const loss = line ? Math.max(line.lossUp, line.lossDown) : 0;
  const quality = ms < GOOD_MS && loss < GOOD_LOSS ? 'good' : ms < FAIR_MS && loss < FAIR_LOSS ? 'fair' : 'poor';
  return { quality, text: `${WORDS[quality]} link, ${Math.round(ms)} ms${loss > 0 ? `, ${loss} % lost` : ''}` };
}

/**
 * The figures behind the word. By the socket nothing is lost, only late; WebRTC loses and repairs.
 * @param {LinkFacts} facts
 * @returns {[string, string][]} Terms and values with their units.
 */
export function linkFigures({ roundTripMs, skipped, voices, line }) {
  const ms = (/** @type {number | null} */ value) => (value === null ? '–' : value === NO_ANSWER ? 'no answer' : `${Math.round(value)} ms`);
  const late = voices.lateBlocks + (line?.latePackets ?? 0);
  const underruns = voices.underruns + (line?.concealed ?? 0);
  return [
    ['Round trip', ms(line ? line.rttMs : roundTripMs)],
    ['Late blocks', line ? `${late}` : `${late} of ${voices.blocks}`],
    ['Underruns', `${underruns} ${underruns === 1 ? 'time' : 'times'}`],
    ...(line ? /** @type {[string, string][]} */ ([
      ['Lost on the way up', `${line.lossUp} %`],
      ['Lost on the way down', `${line.lossDown} %`],
      ['Jitter', ms(line.jitterMs)],
      ['Buffered', ms(line.bufferMs)],
    ]) : []),
    ['Not sent', `${skipped} ${skipped === 1 ? 'frame' : 'frames'}`],
  ];
}

/**
 * Both voices together.
 * @param {import('./types').VoiceCounts} a @param {import('./types').VoiceCounts} b
 */
export const together = (a, b) => ({
  blocks: a.blocks + b.blocks, lateBlocks: a.lateBlocks + b.lateBlocks, underruns: a.underruns + b.underruns,
});
