// The lines of a recording: what was said and what was marked, in order, with what was cut of it. Pure.
/** @import {Cue, Recording} from './types' */

/**
 * One line. `isCut`: its speaker was interrupted there. `isStruck`: it is cut from the show.
 * @typedef {{at: number, until: number, who: string, text: string, language: string, isCut: boolean, isStruck: boolean}} Line
 */

/**
 * Whether all of a line was struck from the show.
 * @param {Pick<Cue, 'startMs' | 'endMs'>} cue @param {Recording['cuts']} [cuts]
 */
export const isStruckCue = ({ startMs, endMs }, cuts = []) => cuts.some(({ fromMs, toMs }) => startMs >= fromMs && endMs <= toMs);

/**
 * @param {Pick<Recording, 'captions' | 'markers' | 'cuts' | 'language'>} take
 * @returns {Line[]} By their times, in ms.
 */
export function linesOf({ captions, markers, cuts, language }) {
  return [
    ...captions.map((cue) => ({ at: cue.startMs, until: cue.endMs, who: cue.speaker, text: cue.text, language,
      isCut: cue.cut ?? false, isStruck: isStruckCue(cue, cuts) })),
    ...markers.map(({ at_s, label }) => ({ at: at_s * 1000, until: at_s * 1000, who: 'Marker', text: label || 'Marked here', language: '',
      isCut: false, isStruck: false })),
  ].toSorted((a, b) => a.at - b.at);
}

/** A sign in the tracks, and what it stands for. @typedef {{sign: 'words' | 'cut' | 'struck' | 'marker', text: string}} Sign */

/**
 * The signs that this recording's tracks have.
 * @param {Pick<Recording, 'captions' | 'markers' | 'cuts'>} take
 * @returns {Sign[]}
 */
export function legendOf({ captions, markers, cuts = [] }) {
  /** @type {[Sign['sign'], boolean, string][]} */
  const signs = [
    ['words', captions.length > 0, 'What was said; all of it stands below'],
    ['cut', captions.some(({ cut }) => cut), 'Cut off: somebody interrupted'],
    ['struck', cuts.length > 0, 'Struck from the show; the tracks keep it'],
    ['marker', markers.length > 0, 'Marked moment'],
  ];
  return signs.filter(([, isThere]) => isThere).map(([sign, , text]) => ({ sign, text }));
}
