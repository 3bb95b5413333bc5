// Speech is told from a cough and from a quiet room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpeechSense } from '../muted-ear.js';

/** When somebody was heard to speak first, in ms; `null` never. @param {(ms: number) => number} levelAt */
function firstHeard(levelAt, stepMs = 40) {
  const sense = new SpeechSense();
  for (let ms = 0; ms < 6000; ms += stepMs) if (sense.hear(levelAt(ms), ms)) return ms;
  return null;
}

test('half a second of a voice is speech, with the gaps that speech has', () => {
  assert.equal(firstHeard((ms) => (ms < 1000 ? 0.001 : 0.05)), 1480);
  const gappy = firstHeard((ms) => (ms % 400 < 200 ? 0.05 : 0.002));
  assert.ok(gappy !== null && gappy < 1500, `${gappy}`);
});

test('a cough, a room and a door now and then are none', () => {
  assert.equal(firstHeard((ms) => (ms >= 1000 && ms < 1300 ? 0.5 : 0.001)), null);
  assert.equal(firstHeard(() => 0.01), null);
  assert.equal(firstHeard((ms) => (ms % 2000 < 280 ? 0.4 : 0)), null);
});

test('a page in the background, whose clock ticks once a second, is not deceived by a single look', () => {
  assert.equal(firstHeard((ms) => (ms === 2000 ? 0.5 : 0), 1000), null);
});
