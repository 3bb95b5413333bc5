import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf } from '../captions.js';
import { startFailure } from '../failures.js';
import { banner, CAPTIONS_MAX, initialState, isStruck, reduce } from '../state.js';

const NAMES = ['Mona', 'Ada', 'Grace'];
const ready = { type: 'session.ready', seq: 1, sessionId: 's', resumeToken: 't', episodeId: 'e', resumed: false, names: NAMES };
const caption = (id, fields) => ({ type: 'caption', seq: 9, id, speaker: 'claude', turn: id, text: '', isFinal: false, start: 0, end: 0,
  estimated: false, cut: false, words: [], ...fields });
const snapshot = (fields) => ({ type: 'state.snapshot', seq: 2, orbStates: { you: 'listening', claude: 'idle', guest: 'failed' }, captions: [],
  autopilot: true, session: { sessionId: 's', episodeId: 'e', title: 'T', names: NAMES, adapters: ['', '', ''], nowMs: 4000, muted: true, recording: true }, ...fields });
const run = (...events) => events.reduce((state, event) => reduce(state, event, 1000), initialState());

test('a session is live when the server says it is ready', () => {
  const state = run({ type: 'local.start' }, ready);
  assert.equal(state.screen, 'live');
  assert.deepEqual(state.names, { you: 'Mona', claude: 'Ada', guest: 'Grace' });
});

test('a snapshot brings everything that the page draws', () => {
  const state = run(ready, snapshot());
  assert.equal(state.orbs.guest, 'failed');
  assert.deepEqual([state.autopilot, state.muted, state.recording, state.title], [true, true, true, 'T']);
  assert.deepEqual(state.clock, { sessionMs: 4000, pageMs: 1000 });
});

test('captions of one id replace each other until one is final', () => {
  const state = run(caption(1, { text: 'So' }), caption(2, { text: 'x' }), caption(1, { text: 'So it', isFinal: true }),
    caption(1, { text: 'changed' }));
  assert.deepEqual(state.captions.map(({ id, text }) => [id, text]), [[1, 'So it'], [2, 'x']]);
});

test('at most 200 captions are kept, the newest', () => {
  const state = run(...Array.from({ length: CAPTIONS_MAX + 5 }, (_, id) => caption(id, {})));
  assert.equal(state.captions.length, CAPTIONS_MAX);
  assert.equal(state.captions[0].id, 5);
});

test('a snapshot after a lost connection doubles no caption', () => {
  const final = caption(1, { text: 'Yes.', isFinal: true });
  const state = run(final, snapshot({ captions: [final, caption(2, { text: 'And' })] }));
  assert.deepEqual(state.captions.map(({ id }) => id), [1, 2]);
});

test('a lost connection is a failure while live, and none after the end', () => {
  const lost = run(ready, { type: 'local.closed', code: 1006 });
  assert.equal(lost.lost, true);
  assert.equal(lost.canResume, true);
  assert.match(lost.failure.title, /lost/);
  assert.equal(run(ready, { type: 'local.closed', code: 1011 }).canResume, false);
  const ended = run(ready, { type: 'recording.ready', seq: 3, episodeId: 'e', files: [] }, { type: 'local.closed', code: 1000 });
  assert.deepEqual([ended.screen, ended.failure], ['ended', null]);
});

test('the banner says first that the connection is lost, and then again that there is no microphone', () => {
  const gone = { title: 'No microphone.', advice: 'Connect one.' };
  const events = [ready, { type: 'local.microphone', failure: gone }];
  assert.equal(banner(run(...events)), gone);
  events.push({ type: 'local.closed', code: 1006 });
  assert.match(banner(run(...events)).title, /connection to the studio was lost/);
  events.push({ type: 'local.reconnect' });
  assert.equal(banner(run(...events)), null, 'while it connects nothing else is news');
  events.push({ type: 'local.closed', code: 1006 });
  assert.match(banner(run(...events)).title, /connection to the studio was lost/);
  events.push({ ...ready, resumed: true });
  assert.equal(banner(run(...events)), gone, 'there is still none');
  assert.equal(banner(run(...events, { type: 'local.microphone', failure: null })), null);
  assert.equal(banner(run(...events, { type: 'local.end' })), null, 'who has ended the session needs none');
});

test('what the studio said of its disk is no reason for a lost line, and is one for a session that ends', () => {
  const told = [ready, { type: 'error', seq: 3, code: 'disk_low', message: 'the disk is nearly full', hint: 'make room' }];
  assert.match(banner(run(...told, { type: 'local.closed', code: 1006 })).title, /connection to the studio was lost/);
  assert.match(banner(run(...told, { type: 'local.closed', code: 1000 })).title, /disk is nearly full/);
});

test('a banner that is put away uncovers what stands behind it', () => {
  const gone = { title: 'No microphone.', advice: 'Connect one.' };
  const both = run(ready, { type: 'local.microphone', failure: gone },
    { type: 'error', seq: 3, code: 'disk_low', message: 'the disk is nearly full', hint: 'make room' });
  assert.equal(banner(both).title, 'The disk is nearly full.');
  const one = reduce(both, { type: 'local.dismiss' }, 0);
  assert.equal(banner(one), gone);
  assert.equal(banner(reduce(one, { type: 'local.dismiss' }, 0)), null);
});

test('when the minute is over the way back stays, and it is said that the microphone is off', () => {
  const state = run(ready, { type: 'local.closed', code: 1006 }, { type: 'local.retry', at: 5 }, { type: 'local.reconnect' }, { type: 'local.gave-up' });
  assert.deepEqual([state.lost, state.canResume, state.retryAt, state.notice], [true, true, null, '']);
  assert.match(banner(state).advice, /your microphone is off/);
});

test('of a lost session nobody knows who speaks', () => {
  const speaking = run(ready, { type: 'orb.state', seq: 3, speaker: 'claude', state: 'speaking' }, { type: 'local.closed', code: 1006 });
  assert.deepEqual(Object.values(speaking.orbs), ['idle', 'idle', 'idle']);
});

test('only answers to the host’s own turns count for how fast it answers', () => {
  const grant = (turn, aiTurns) => ({ type: 'floor.grant', seq: 3, turn, speaker: 'claude', reason: 'addressed', scores: { aiTurns } });
  const metrics = (turn, firstHeardMs) => ({ type: 'turn.metrics', seq: 4, turn, speaker: 'claude', firstHeardMs });
  const state = run(ready, grant(2, 0), metrics(2, 700), grant(3, 1), metrics(3, 8300), metrics(9, 9000));
  assert.deepEqual(state.history.map(({ firstHeardMs }) => firstHeardMs), [700]);
});

test('the plan brings the language of the show', () => {
  assert.equal(run({ type: 'local.plan', segments: [], language: 'de' }).language, 'de');
});

test('a server that refuses leads back to the first screen with its own words', () => {
  const state = run({ type: 'local.start' },
    { type: 'error', seq: 1, code: 'briefing_invalid', message: 'line 3 is no YAML', hint: 'mend the file' },
    { type: 'local.closed', code: 1008 });
  assert.equal(state.screen, 'start');
  assert.deepEqual(state.failure, { title: 'Line 3 is no YAML.', advice: 'Mend the file.' });
});

test('a server that is not there leads back to the first screen', () => {
  const state = run({ type: 'local.start' }, { type: 'local.closed', code: 1006 });
  assert.equal(state.screen, 'start');
  assert.match(state.failure.title, /cannot be reached/);
});

test('connecting again clears what was lost', () => {
  const state = run(ready, { type: 'local.closed', code: 1006 }, { type: 'local.reconnect' }, { ...ready, resumed: true });
  assert.deepEqual([state.lost, state.failure, state.notice], [false, null, 'Connected again.']);
});

test('an unknown message changes nothing', () => {
  const state = initialState();
  assert.equal(reduce(state, { type: 'from.the-future', seq: 1 }, 0), state);
});

test('a caption shows pending words only until it is final, and where it was cut', () => {
  assert.deepEqual(partsOf(caption(1, { text: 'a', pending: 'b' })).map(({ kind }) => kind), ['heard', 'pending']);
  assert.deepEqual(partsOf(caption(1, { text: 'a', pending: 'b', isFinal: true, cut: true })).map(({ kind }) => kind), ['heard', 'cut']);
});

test('every refusal of the microphone has words of its own', () => {
  const titles = ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'OverconstrainedError', 'SecurityError']
    .map((name) => startFailure(new DOMException('x', name)).title);
  assert.equal(new Set(titles).size, 5);
  assert.match(startFailure(new Error('odd')).advice, /odd/);
});

test('what the engine decides is kept in its order, each with its kind', () => {
  const state = run(ready,
    { type: 'floor.grant', seq: 3, turn: 1, speaker: 'claude', reason: 'addressed' },
    { type: 'director', seq: 4, turn: 2, speaker: 'guest', step: 'new-angle', reason: 'repetition', scores: { turns: 3 } },
    { type: 'floor.deny', seq: 5, speaker: 'claude', reason: 'hand_overs_max' });
  assert.deepEqual(state.decisions.map(({ kind, speaker }) => [kind, speaker]), [['grant', 'claude'], ['move', 'guest'], ['deny', 'claude']]);
});

test('a strike marks the final captions inside it, and a snapshot brings those of before', () => {
  const struck = { type: 'strike', seq: 3, from: 1000, to: 5000, scope: 'last-turn', turns: [2] };
  const state = run(ready, caption(1, { start: 1200, end: 4800, isFinal: true }), caption(2, { start: 4900, end: 6000, isFinal: true }), struck);
  assert.deepEqual(state.captions.map((one) => isStruck(one, state.strikes)), [true, false]);
  assert.equal(isStruck({ ...state.captions[0], isFinal: false }, state.strikes), false);
  assert.match(state.notice, /4 seconds/);
  assert.deepEqual(run(ready, snapshot({ strikes: [{ from: 1, to: 2 }] })).strikes, [{ from: 1, to: 2 }]);
});

test('the part of the plan and whispers come from the studio, never from the page', () => {
  const segment = { index: 1, title: 'Back', goal: 'g', minutes: 6, since: 9000 };
  assert.deepEqual(run(ready, snapshot({ segment })).segment, segment);
  assert.equal(run(ready, snapshot()).segment, null, 'an older studio says nothing of it');
  assert.deepEqual([run(ready, snapshot()), run(ready, snapshot({ strikes: [] }))].map(({ canDirect }) => canDirect), [false, true]);
  const state = run(ready, { type: 'segment', seq: 3, ...segment, reason: 'chosen' }, { type: 'whisper', seq: 4, speaker: 'guest', text: 'wind up' });
  assert.deepEqual([state.segment.index, state.segment.since, state.whispers], [1, 9000, [{ speaker: 'guest', text: 'wind up' }]]);
  assert.match(state.notice, /Grace has your whisper/);
});
