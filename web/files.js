// What can be taken away from a recording: its files, sound that is made when it is asked for, and checksums.
import { fileText, sizeText } from './words.js';
/** @import {Recording, TakenFile} from './types' */

/** Of the tracks, and so of what is made from them. */
const SAMPLES_PER_MS = 48;
/** Head of a WAV file, and bytes of a sample in it. */
const WAV_HEAD = 44;
const WAV_SAMPLE = 2;
/** A WAV file counts its bytes behind the first eight in 32 bits, which is 12.4 hours: the studio makes no longer one. */
const WAV_BYTES_MAX = 8 + 0xffff_ffff;

/** A WAV file that the studio renders from the tracks when it is asked for. @typedef {{name: string, url: string, bytes: number}} Wav */

/**
 * The WAV files of a finished recording: one a track, and the mix of all. None of one that is too long for WAV.
 * @param {Pick<Recording, 'episodeId' | 'state' | 'durationMs' | 'speakers'>} take
 * @returns {Wav[]}
 */
export function wavs({ episodeId, state, durationMs, speakers }) {
  if (state !== 'finished' || durationMs === null) return [];
  const bytes = WAV_HEAD + WAV_SAMPLE * SAMPLES_PER_MS * durationMs;
  if (bytes > WAV_BYTES_MAX) return [];
  return [...speakers.map(({ speaker }) => speaker), 'mix'].map((name) => (
    { name: `${name}.wav`, url: `/api/recordings/${encodeURIComponent(episodeId)}/audio/${name}.wav`, bytes }));
}

/** Hashes as `sha256sum --check` reads them. @param {TakenFile[]} files */
export const checksums = (files) => files.filter(({ sha256 }) => sha256).map(({ name, sha256 }) => `${sha256}  ${name}`).join('\n');

/**
 * A row a file; beside each track its WAV, and the mix after the tracks.
 * @param {HTMLElement} list
 * @param {Recording} take
 */
export function renderFiles(list, take) {
  const made = new Map(wavs(take).map((wav) => [wav.name, wav]));
  const rows = take.files.map((file) => {
    const wav = made.get(file.name.replace(/\.webm$/, '.wav'));
    return itemOf(partsOf(file, sizeText(file.bytes)), wav ? partsOf(wav, madeText(wav)) : []);
  });
  const mix = made.get('mix.wav');
  const tracks = take.files.filter(({ name }) => made.has(name.replace(/\.webm$/, '.wav'))).length;
  if (mix) rows.splice(tracks, 0, itemOf(partsOf(mix, madeText(mix))));
  list.replaceChildren(...rows);
}

/** @param {Wav} wav */
const madeText = ({ bytes }) => `${sizeText(bytes)}, made when you download it`;

/** @param {...HTMLElement[]} lines */
function itemOf(...lines) {
  const item = document.createElement('li');
  item.className = 'file';
  item.append(...lines.flat());
  return item;
}

/** A link and what it leads to. @param {{name: string, url: string}} file @param {string} size */
function partsOf({ name, url }, size) {
  const link = document.createElement('a');
  link.textContent = name;
  link.download = name;
  const target = new URL(url, location.href);
  // Only what can be fetched is made a link.
  if (target.protocol === 'http:' || target.protocol === 'https:') link.href = target.href;
  const facts = document.createElement('span');
  facts.className = 'file-facts';
  facts.textContent = `${fileText(name)}, ${size}`;
  return [link, facts];
}
