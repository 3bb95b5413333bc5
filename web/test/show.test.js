import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAnswer, planAt, reasonText, scoresText, shares, waits } from '../show.js';
import { bars, drawWave } from '../wave-draw.js';

const names = { you: 'Mona', claude: 'Ada', guest: 'Grace' };

test('every reason of the engine is a sentence with names, and an unknown one is not hidden', () => {
  for (const reason of ['addressed', 'addressed-first', 'addressed-second', 'addressed-by-other', 'nominated', 'alternation', 'autopilot',
    'substitution', 'follow-up', 'asked-host', 'balance', 'role']) {
    const text = reasonText({ kind: 'grant', turn: 1, speaker: 'guest', reason }, names);
    assert.match(text, /Grace.*\.$/, reason);
    assert.doesNotMatch(text, /undefined|\(/, reason);
  }
  assert.equal(reasonText({ kind: 'grant', turn: 1, speaker: 'claude', reason: 'whim' }, names), 'Ada was given the floor (whim).');
});

test('who was not given the floor, and what the director does next, are said too', () => {
  for (const reason of ['autopilot_max_turns', 'hand_overs_max', 'services_fail', 'back_channel', 'show_is_wrapped_up']) {
    assert.doesNotMatch(reasonText({ kind: 'deny', speaker: 'claude', reason }, names), /undefined|\(/, reason);
  }
  assert.equal(reasonText({ kind: 'deny', speaker: 'claude', reason: 'whim' }, names), 'Ada was not given the floor (whim).');
  const move = (step, reason, scores) => ({ kind: 'move', turn: 3, speaker: 'claude', step, reason, scores });
  for (const step of ['go-on', 'ask-other', 'shorten', 'elaborate', 'new-angle', 'next-segment', 'wrap-up']) {
    assert.match(reasonText(move(step, 'flow'), names), /^Ada .+: the talk flows\.$/, step);
  }
  for (const reason of ['flow', 'nobody_asked', 'share_high', 'share_low', 'monologue_long', 'repetition', 'topic_exhausted',
    'segment_time_over', 'show_time_over']) assert.doesNotMatch(reasonText(move('go-on', reason), names), /_/, reason);
  assert.equal(reasonText(move('sing', 'whim'), names), 'Ada: sing: whim.');
  const scores = { novelty: 120, overlap: 640, share: null, monologueMs: 14_200, remainingMs: 61_000, turns: 4 };
  assert.equal(scoresText(move('new-angle', 'repetition', scores), names), 'new 12 %, said before 64 %, last turn 14 s, part has 2 min left');
  assert.equal(scoresText({ kind: 'grant', turn: 1, speaker: 'guest', reason: 'balance',
    scores: { claude: { talkMs: 31_000 }, guest: { talkMs: 12_400 }, aiTurns: 4 } }, names), 'Ada talked 31 s, Grace talked 12 s');
  assert.equal(scoresText(move('go-on', 'flow'), names), '');
});

test('the plan stands where the studio says', () => {
  const plan = [{ title: 'a', minutes: 2, goal: '' }, { title: 'b', minutes: 4, goal: '' }, { title: 'c', minutes: 0, goal: '' }];
  const at = (index, since, now) => planAt(plan, now, { ...plan[index], index, since }).map(({ state, progress }) => `${state} ${progress}`);
  assert.deepEqual(at(1, 60_000, 180_000), ['done 1', 'now 0.5', 'next 0']);
  assert.deepEqual(at(0, 0, 999_000), ['now 1', 'next 0', 'next 0'], 'the clock alone moves nothing on');
  assert.deepEqual(at(2, 0, 999_000), ['done 1', 'done 1', 'now 0']);
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

test('waits have a middle one and a slowest, and none where nothing was measured', () => {
  const history = [400, 200, 300, 900, null].map((firstHeardMs) => ({ firstHeardMs }));
  assert.deepEqual(waits(history, 'firstHeardMs'), { middle: 300, slowest: 900 });
  const many = Array.from({ length: 100 }, (_, i) => ({ firstHeardMs: i === 99 ? 8300 : 400 }));
  assert.equal(waits(many, 'firstHeardMs').slowest, 8300, 'the slowest is the slowest, of however many');
  assert.equal(waits([], 'firstHeardMs'), null);
});

test('only what follows the host’s own turn is an answer', () => {
  const grant = (turn, reason, scores) => ({ kind: 'grant', turn, speaker: 'guest', reason, scores });
  const decisions = [grant(8, 'addressed-first', { aiTurns: 0 }), grant(10, 'addressed-second', { aiTurns: 1 }),
    { kind: 'move', turn: 8, speaker: 'guest', step: 'go-on', reason: 'flow' }, grant(12, 'addressed'), grant(13, 'addressed-by-other')];
  assert.deepEqual([8, 10, 12, 13, 14].map((turn) => isAnswer(decisions, turn)), [true, false, true, false, false]);
});

test('a bar is as high as the loudest it covers', () => {
  assert.deepEqual(bars([0, 255, 51, 0], 2), [1, 0.2]);
  assert.deepEqual(bars([255], 3), [1, 1, 1]);
  assert.deepEqual(bars([], 2), [0, 0]);
});

test('the same look gives the same picture', () => {
  const look = { width: 30, height: 40, peaks: [0, 255], spans: [{ from: 0.5, until: 1, text: 'Yes.', cut: false }], strikes: [], markers: [0.25],
    at: 0.5, color: '#111', soft: '#222', text: '#444', mark: '#333', isOff: false };
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

test('a caption’s box has its words where they fit, a mark where it was cut, and what is struck is crossed out', () => {
  const draw = (width, more) => {
    const calls = [];
    const ctx = new Proxy({}, { get: (_, name) => (...args) => calls.push([name, ...args]), set: () => true });
    drawWave(ctx, { width, height: 60, peaks: [], spans: [{ from: 0, until: 0.5, text: 'Because a bed', cut: false, struck: false }], strikes: [], markers: [],
      at: 0, color: '', soft: '', text: '', mark: '', isOff: false, ...more });
    return calls.map(([name]) => name);
  };
  const count = (calls, name) => calls.filter((called) => called === name).length;
  assert.equal(count(draw(400), 'fillText'), 1);
  assert.equal(count(draw(20), 'fillText'), 0, 'no room for words');
  const plain = draw(400);
  const cut = draw(400, { spans: [{ from: 0, until: 0.5, text: 'Because a bed', cut: true, struck: false }] });
  assert.equal(count(cut, 'fillRect'), count(plain, 'fillRect') + 1);
  assert.equal(count(draw(400, { strikes: [[0.1, 0.4]] }), 'fillRect'), count(plain, 'fillRect') + 2, 'its tint and its line');
});
