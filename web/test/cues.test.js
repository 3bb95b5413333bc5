// The lines of a recording, with what was cut of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { legendOf, linesOf } from '../cues.js';

const cue = (startMs, endMs, more) => ({ speaker: 'Ada', startMs, endMs, text: `at ${startMs}`, ...more });

test('captions and markers stand in the order of their times', () => {
  const lines = linesOf({ language: 'de', captions: [cue(0, 900), cue(3000, 4000)], markers: [{ at_s: 2, label: '' }] });
  assert.deepEqual(lines.map(({ at, who, text, language }) => [at, who, text, language]),
    [[0, 'Ada', 'at 0', 'de'], [2000, 'Marker', 'Marked here', ''], [3000, 'Ada', 'at 3000', 'de']]);
});

test('a turn that was interrupted is cut, and only what lies wholly in a cut is struck', () => {
  const captions = [cue(0, 900, { cut: true }), cue(1000, 1900), cue(1500, 2500, { cut: false })];
  const lines = linesOf({ language: 'en', captions, markers: [], cuts: [{ fromMs: 900, toMs: 2000 }] });
  assert.deepEqual(lines.map(({ isCut, isStruck }) => [isCut, isStruck]), [[true, false], [false, true], [false, false]]);
});

test('a studio that tells of no cuts has none', () => {
  assert.deepEqual(linesOf({ language: 'en', captions: [cue(0, 900)], markers: [] }).map(({ isCut, isStruck }) => isCut || isStruck), [false]);
});

test('the legend has the signs that are there, and no others', () => {
  const signs = (take) => legendOf({ captions: [], markers: [], ...take }).map(({ sign }) => sign);
  assert.deepEqual(signs({}), []);
  assert.deepEqual(signs({ captions: [cue(0, 900)] }), ['words']);
  assert.deepEqual(signs({ captions: [cue(0, 900, { cut: true })], cuts: [{ fromMs: 0, toMs: 1 }], markers: [{ at_s: 1, label: '' }] }), ['words', 'cut', 'struck', 'marker']);
});
