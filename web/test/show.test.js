import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentiles, planAt, reasonText, shares } from '../show.js';
import { bars, drawWave } from '../wave-draw.js';

const names = { you: 'Mona', claude: 'Ada', guest: 'Grace' };

test('every reason of the engine is a sentence with names, and an unknown one is not hidden', () => {
  for (const reason of ['addressed', 'addressed-first', 'addressed-second', 'addressed-by-other', 'nominated', 'alternation', 'autopilot',
    'substitution']) {
    const text = reasonText({ turn: 1, speaker: 'guest', reason }, names);
    assert.match(text, /Grace.*\.$/, reason);
    assert.doesNotMatch(text, /undefined|\(/, reason);
  }
  assert.equal(reasonText({ turn: 1, speaker: 'claude', reason: 'whim' }, names), 'Ada was given the floor (whim).');
});

test('shares of talk are of what was heard', () => {
  const cue = (speaker, start, end, text = 'x') => ({ speaker, start, end, text });
  const found = shares([cue('you', 0, 3000), cue('claude', 3000, 4000), cue('guest', 4000, 9000, '')]);
  assert.deepEqual([found.you.share, found.claude.share, found.guest.share], [0.75, 0.25, 0]);
  assert.equal(shares([]).you.share, 0);
});

test('the plan goes by the clock, and an open part ends with the show', () => {
  const plan = [{ title: 'a', minutes: 2, goal: '' }, { title: 'b', minutes: 0, goal: '' }, { title: 'c', minutes: 5, goal: '' }];
  const states = (minutes) => planAt(plan, minutes * 60_000).map(({ state, progress }) => `${state} ${progress}`);
  assert.deepEqual(states(1), ['now 0.5', 'next 0', 'next 0']);
  assert.deepEqual(states(30), ['done 1', 'now 0', 'next 0']);
});

test('figures have a middle and a slow end, and none where nothing was measured', () => {
  const history = [400, 200, 300, 900, null].map((firstHeardMs) => ({ firstHeardMs }));
  assert.deepEqual(percentiles(history, 'firstHeardMs'), { p50: 300, p95: 900 });
  assert.equal(percentiles([], 'firstHeardMs'), null);
});

test('a bar is as high as the loudest it covers', () => {
  assert.deepEqual(bars([0, 255, 51, 0], 2), [1, 0.2]);
  assert.deepEqual(bars([255], 3), [1, 1, 1]);
  assert.deepEqual(bars([], 2), [0, 0]);
});

test('the same look gives the same picture', () => {
  const look = { width: 30, height: 40, peaks: [0, 255], spans: [[0.5, 1]], markers: [0.25], at: 0.5, color: '#111', soft: '#222', mark: '#333', isOff: false };
  const draw = () => {
    const calls = [];
    const ctx = new Proxy({}, {
      get: (_, name) => (...args) => calls.push([name, ...args]), set: (_, name, value) => { calls.push([name, value]); return true; } });
    drawWave(ctx, look);
    return calls;
  };
  assert.deepEqual(draw(), draw());
  assert.ok(draw().filter(([name]) => name === 'fillRect').length >= 12);
});
