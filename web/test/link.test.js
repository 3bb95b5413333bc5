// How good the way to the studio is, in a word and in figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundTrip } from '../api.js';
import { linkFigures, linkWord, measured, NO_ANSWER, together } from '../link.js';

const facts = (fields) => ({ roundTripMs: 12.4, skipped: 0, voices: { blocks: 200, lateBlocks: 0, underruns: 0 }, line: null, ...fields });
const line = (fields) => ({ rttMs: 30, jitterMs: 2, bufferMs: 60, lossUp: 0, lossDown: 0, latePackets: 0, concealed: 0, ...fields });

test('the word is that of what carries the sound', () => {
  assert.equal(linkWord(facts({ roundTripMs: null })), null);
  assert.deepEqual(linkWord(facts({})), { quality: 'good', text: 'Good link, 12 ms' });
  assert.deepEqual(linkWord(facts({ roundTripMs: 80 })), { quality: 'fair', text: 'Fair link, 80 ms' });
  assert.deepEqual(linkWord(facts({ roundTripMs: 200 })), { quality: 'poor', text: 'Poor link, 200 ms' });
  assert.deepEqual(linkWord(facts({ roundTripMs: 900, line: line({}) })), { quality: 'good', text: 'Good link, 30 ms' });
  assert.deepEqual(linkWord(facts({ line: line({ lossDown: 3 }) })), { quality: 'fair', text: 'Fair link, 30 ms, 3 % lost' });
  assert.deepEqual(linkWord(facts({ line: line({ lossUp: 12 }) })), { quality: 'poor', text: 'Poor link, 30 ms, 12 % lost' });
});

test('a studio that does not answer is a poor link in word and figures, whatever was measured before', () => {
  for (const way of [null, line({})]) {
    assert.deepEqual(linkWord(facts({ roundTripMs: NO_ANSWER, line: way })), { quality: 'poor', text: 'Poor link, no answer' });
  }
  assert.deepEqual(linkFigures(facts({ roundTripMs: NO_ANSWER }))[0], ['Round trip', 'no answer']);
});

test('a question that fails is no answer, and after a lost connection nothing is said', async () => {
  const [answers, fails] = [async () => 12, async () => { throw new TypeError('no network'); }];
  assert.deepEqual(await Promise.all([measured(answers, () => true), measured(fails, () => true)]), [12, NO_ANSWER]);
  assert.deepEqual(await Promise.all([measured(answers, () => false), measured(fails, () => false)]), [null, null]);
});

test('the question waits for its answer no longer than until the next one', async (t) => {
  const limits = [];
  t.mock.method(AbortSignal, 'timeout', (ms) => { limits.push(ms); return AbortSignal.abort(); });
  t.mock.method(globalThis, 'fetch', async (_url, { signal }) => signal.throwIfAborted());
  globalThis.location = { origin: 'http://studio.example' };
  t.after(() => { delete globalThis.location; });
  await assert.rejects(roundTrip(), { name: 'AbortError' });
  assert.equal(limits.length, 1);
  assert.ok(limits[0] < 5000, `${limits[0]} ms`);
});

test('by the socket: late blocks of all that came, underruns, and what was not sent', () => {
  assert.deepEqual(linkFigures(facts({ skipped: 1, voices: { blocks: 1204, lateBlocks: 3, underruns: 1 } })), [
    ['Round trip', '12 ms'], ['Late blocks', '3 of 1204'], ['Underruns', '1 time'], ['Not sent', '1 frame'],
  ]);
  assert.equal(linkFigures(facts({ roundTripMs: null }))[0][1], '–');
});

test('by WebRTC: its losses too, and its counts beside those of the socket', () => {
  const found = linkFigures(facts({ voices: { blocks: 10, lateBlocks: 1, underruns: 1 }, line: line({ lossUp: 1, lossDown: 4, latePackets: 2, concealed: 5 }) }));
  assert.deepEqual(found, [
    ['Round trip', '30 ms'], ['Late blocks', '3'], ['Underruns', '6 times'], ['Lost on the way up', '1 %'], ['Lost on the way down', '4 %'],
    ['Jitter', '2 ms'], ['Buffered', '60 ms'], ['Not sent', '0 frames'],
  ]);
});

test('both voices are counted together', () => {
  assert.deepEqual(together({ blocks: 1, lateBlocks: 2, underruns: 3 }, { blocks: 10, lateBlocks: 20, underruns: 30 }),
    { blocks: 11, lateBlocks: 22, underruns: 33 });
});
