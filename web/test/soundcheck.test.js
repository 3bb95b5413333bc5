import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decibels, judge, quantile } from '../soundcheck.js';

const good = { noiseDb: -66, echoDb: -64, levelDb: -24, peakDb: -8, roundTripMs: 12 };
const what = (change, hasHeadphones = true) => judge({ ...good, ...change }, hasHeadphones).map((advice) => advice.what);

test('a good set-up needs no advice', () => {
  assert.deepEqual(judge(good, true), [{ what: 'all', text: 'All is well. You can begin.', isGood: true }]);
});

test('each fault has its own advice', () => {
  assert.deepEqual(what({ levelDb: -64 }), ['level']);
  assert.deepEqual(what({ levelDb: -40 }), ['level']);
  assert.deepEqual(what({ levelDb: -9 }), ['level']);
  assert.deepEqual(what({ peakDb: 0 }), ['level']);
  assert.deepEqual(what({ noiseDb: -45 , echoDb: -44 }), ['noise']);
  assert.deepEqual(what({ noiseDb: -52, levelDb: -35, echoDb: -50 }), ['noise']);
  assert.deepEqual(what({ echoDb: -40 }), ['echo']);
  assert.deepEqual(what({ roundTripMs: 400 }), ['link']);
  assert.match(judge({ ...good, echoDb: -40 }, false)[0].text, /loudspeakers/);
  assert.match(judge({ ...good, echoDb: -40 }, true)[0].text, /headphones/);
});

test('levels are read as decibels and by their share', () => {
  assert.deepEqual([1, 0.1, 0].map(decibels), [0, -20, -100]);
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([], 0.5), 0);
});
