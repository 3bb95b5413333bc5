import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decibels, judge, quantile, sentenceIn, toHello, understoodShare } from '../soundcheck.js';

const good = { noiseDb: -66, echoDb: -64, levelDb: -24, peakDb: -8, roundTripMs: 12, understood: { text: '', share: 1 } };
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
  assert.deepEqual(what({ understood: { text: 'police put', share: 0.2 } }), ['words']);
  assert.match(judge({ ...good, understood: { text: 'police put', share: 0.2 } }, true)[0].text, /“police put”/);
  assert.match(judge({ ...good, understood: { text: '', share: 0 } }, true)[0].text, /no word/);
  assert.deepEqual(what({ understood: null }), ['all'], 'nobody was asked');
  assert.deepEqual(what({ levelDb: -64, understood: { text: '', share: 0 } }), ['level'], 'what was not heard cannot be understood');
  assert.match(judge({ ...good, echoDb: -40 }, false)[0].text, /loudspeakers/);
  assert.match(judge({ ...good, echoDb: -40 }, true)[0].text, /headphones/);
});

test('levels are read as decibels and by their share', () => {
  assert.deepEqual([1, 0.1, 0].map(decibels), [0, -20, -100]);
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([], 0.5), 0);
});

test('what was understood is counted in words and in their order, whatever their marks', () => {
  const english = sentenceIn('en-GB');
  assert.equal(understoodShare(english, english.toUpperCase().replace('.', '!')), 1);
  assert.equal(understoodShare('one two three four', 'two one four'), 0.5);
  assert.equal(understoodShare('one two', 'one one one one'), 0.5);
  assert.equal(understoodShare('one two', ''), 0);
  assert.equal(understoodShare('', 'anything'), 0);
  assert.equal(sentenceIn('xx'), english);
  assert.notEqual(sentenceIn('de'), english);
  assert.equal(understoodShare(sentenceIn('fr'), sentenceIn('fr').normalize('NFD')), 1);
});

test('hello tells whole figures within the wire’s bounds', () => {
  assert.deepEqual(toHello({ ...good, peakDb: 0.4, roundTripMs: 12.6, understood: { text: 'x', share: 7 / 9 } }, true), {
    levelDbfs: -24, peakDbfs: 0, noiseDbfs: -66, echoDbfs: -64, roundTripMs: 13, headphones: true, recognisedPerMille: 778,
  });
  const odd = toHello({ ...good, noiseDb: -140, roundTripMs: 1e9, understood: null }, false);
  assert.equal(odd.noiseDbfs, -100);
  assert.equal(odd.roundTripMs, 60_000);
  assert.equal('recognisedPerMille' in odd, false);
});
