// Numbers and states as people read them. Pure.
/** @import {OrbState} from './types' */

/** What is written under an orb. @type {Record<OrbState, string>} */
export const STATE_WORDS = {
  idle: 'Ready',
  connecting: 'Connecting',
  listening: 'Listening',
  thinking: 'Thinking',
  speaking: 'Speaking',
  paused: 'Holding',
  interrupted: 'Interrupted',
  muted: 'Muted',
  failed: 'Not available',
};

/** @param {number} ms @returns {string} `3:07`, or `1:02:33` from an hour on. */
export function clockText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** @param {number} bytes @returns {string} In powers of 1000, as file managers show it. */
export function sizeText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

/** @param {string} name Of a file of the recording. @returns {string} What it is for. */
export function fileText(name) {
  const [, stem = '', ending = ''] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
  if (ending === 'webm') return 'Audio track';
  if (ending === 'wav') return stem === 'mix' ? 'Mix, WAV' : 'WAV';
  if (ending === 'vtt') return stem === 'episode' ? 'Captions of everybody' : 'Captions';
  if (ending === 'txt') return 'Transcript';
  if (ending === 'json') return 'Transcript for programs';
  if (ending === 'jsonl') return 'Event log';
  if (ending === 'yml') return 'Manifest';
  return 'File';
}

/** The voices that come with the studio. @type {Record<string, string>} */
const VOICES = { slt: 'a woman’s voice', rms: 'a man’s voice' };

/** @param {string} voice As its product spells it. */
export const voiceText = (voice) => VOICES[voice] ?? `voice ${voice}`;

/** @param {string} iso @returns {string} A day and a time as the reader's own system writes them. */
export function dateText(iso) {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}
