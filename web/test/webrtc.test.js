// The sound's own line with a browser of stubs: senders that refuse or never answer, answers to offers that were overtaken,
// orders and states in every order, and what is told when the line ends.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { SoundLine } from '../webrtc.js';

/** Peers, oldest first, and what was sent. */
let peers, sent, line;
/** What the line told of itself and of its voices, oldest first. */
let states, reports;
/** The number of each message that was sent. */
let offers;
/** What the browser gave out last, of both voices. */
let source;
/** What the next sender does with another track. */
let replace;

class Node { connect(to) { return to; } disconnect() {} gain = { cancelScheduledValues() {}, setValueAtTime() {}, linearRampToValueAtTime() {} }; }
const microphone = (id) => ({ id, getAudioTracks: () => [`track ${id}`] });
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  [peers, sent, replace] = [[], [], async () => {}];
  [states, reports, offers, source] = [[], [], [], null];
  Object.assign(globalThis, {
    GainNode: Node, AnalyserNode: Node, MediaStream: class {}, Audio: class { play = async () => {}; },
    RTCRtpReceiver: class { getSynchronizationSources() {} },
    RTCPeerConnection: class {
      tracks = [];
      constructor() { peers.push(this); }
      addTransceiver(track) {
        if (track !== 'audio') this.tracks.push(track);
        const getSynchronizationSources = () => (source ? [source] : []);
        return { sender: { replaceTrack: (next) => { this.tracks.push(next); return replace(); } }, receiver: { track: { id: track }, getSynchronizationSources } };
      }
      async createOffer() { return {}; }
      async setLocalDescription() {}
      async setRemoteDescription({ sdp }) { this.answer = sdp; }
      async getStats() { return new Map(); }
      close() { this.isClosed = true; }
    },
  });
  const context = { destination: null, createMediaStreamSource: () => new Node() };
  line = new SoundLine(context, microphone('a'), {
    send: (message) => { sent.push(message.type); offers.push(message.offer); },
    onState: (state) => states.push(state),
    onReport: (speaker, report) => { sent.push('report'); reports.push({ speaker, ...report }); },
    onQuality() {},
  });
  line.take({ type: 'webrtc.ready', iceServers: [] });
});

afterEach(() => line.drop());

test('a sender that refuses another microphone leaves the sound to the socket', async () => {
  replace = async () => { throw new DOMException('negotiate', 'InvalidModificationError'); };
  await line.use(microphone('b'));
  assert.equal(peers[0].isClosed, true);
  assert.deepEqual(sent, ['webrtc.offer', 'webrtc.close']);
});

test('a refusal that comes when another peer is there already does that one no harm', async () => {
  let refuse;
  replace = () => new Promise((_, reject) => { refuse = reject; });
  const used = line.use(microphone('b'));
  line.drop();
  line.take({ type: 'webrtc.ready', iceServers: [] });
  refuse(new DOMException('closed', 'InvalidStateError'));
  await used;
  assert.deepEqual(peers.map(({ tracks, isClosed }) => [tracks, isClosed ?? false]), [[['track a', 'track b'], true], [['track b'], false]]);
});

test('a sender that never answers holds up nobody for longer than two seconds', async (t) => {
  line.drop();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  replace = () => new Promise(() => {});
  for (const isClosed of [false, true]) {
    peers.length = sent.length = 0;
    line.drop();
    line.take({ type: 'webrtc.ready', iceServers: [] });
    const used = line.use(microphone('b'));
    if (isClosed) line.drop();
    let isOver = false;
    void used.then(() => { isOver = true; });
    t.mock.timers.tick(1999);
    await settled();
    assert.equal(isOver, false);
    t.mock.timers.tick(1);
    await settled();
    assert.equal(isOver, true);
    assert.equal(peers[0].isClosed, true);
    assert.equal(sent.includes('webrtc.close'), !isClosed, 'only a line that was still there is given up');
  }
});

/** The newest offer is answered, and the server says that it is connected. */
async function connect() {
  await settled();
  line.take({ type: 'webrtc.answer', sdp: 'v=0', offer: offers.at(-1) });
  peers.at(-1).connectionState = 'connected';
  peers.at(-1).onconnectionstatechange();
  line.take({ type: 'webrtc.state', connected: true });
}

/** The guest's turn is heard since `ms` ago. */
function speak(turn, ms) {
  source = { rtpTimestamp: 1_000_000, timestamp: performance.now() };
  line.take({ type: 'webrtc.segment', speaker: 'guest', turn, firstSample: 0, rtpTimestamp: 1_000_000 - ms * 48 });
}

test('offers are numbered, and an answer is taken for the one that it answers only', async () => {
  await settled();
  const [first] = offers;
  line.choose(false, false);
  line.choose(true, false);
  await settled();
  assert.deepEqual([sent, offers.at(-1)], [['webrtc.offer', 'webrtc.close', 'webrtc.offer'], first + 1]);
  line.take({ type: 'webrtc.answer', sdp: 'of the first', offer: first });
  assert.equal(peers[1].answer, undefined);
  line.take({ type: 'webrtc.answer', sdp: 'of the second', offer: first + 1 });
  assert.equal(peers[1].answer, 'of the second');
});

test('what is said of a connection before the newest offer is answered is about the one before', async () => {
  await connect();
  line.choose(false, false);
  line.choose(true, false);
  await settled();
  line.take({ type: 'webrtc.state', connected: true });
  assert.equal(line.isUp, false);
  line.take({ type: 'webrtc.state', connected: false, reason: 'dismissed' });
  speak(4, 100);
  assert.deepEqual([peers[1].isClosed ?? false, reports], [false, []]);
  assert.equal(line.take({ type: 'audio.flush', speaker: 'guest', turn: 4, fadeMs: 10 }), false);
  await connect();
  assert.equal(line.isUp, true);
});

test('an offer that is refused leaves the sound to the socket at once', async () => {
  await settled();
  assert.equal(line.take({ type: 'error', code: 'invalid_message', message: '', hint: '' }), false);
  assert.equal(line.take({ type: 'error', code: 'webrtc_offer_refused', message: '', hint: '' }), true);
  assert.equal(peers[0].isClosed, true);
  assert.deepEqual(states.at(-1), { way: 'socket', isTrying: false, reason: 'refused' });
  assert.equal(line.take({ type: 'error', code: 'webrtc_offer_refused', message: '', hint: '' }), false, 'there is no offer any more');
});

test('a line that is up outlives an offer that is refused', async () => {
  await connect();
  assert.equal(line.take({ type: 'error', code: 'webrtc_offer_refused', message: '', hint: '' }), false);
  assert.equal(line.isUp, true);
});

test('before the line is closed each voice tells how far it got', async () => {
  await connect();
  speak(4, 500);
  line.choose(false, false);
  assert.deepEqual(sent, ['webrtc.offer', 'report', 'webrtc.close']);
  const [{ speaker, turn, played }] = reports;
  assert.deepEqual([speaker, turn], ['guest', 4]);
  assert.ok(played >= 500 * 48 && played < 560 * 48, `${played}`);
});

test('after a jam an order finds the voice where it is, not where it was seen last', async () => {
  await connect();
  speak(4, 500);
  source = { rtpTimestamp: 1_000_000 + 400 * 48, timestamp: performance.now() };
  line.take({ type: 'audio.pause', speaker: 'guest', turn: 4, fadeMs: 10 });
  assert.ok(reports.at(-1).played >= 900 * 48, `${reports.at(-1).played}`);
});

test('a turn that the line lost is the playhead’s, whichever of the two the server says first', async () => {
  const resume = { type: 'audio.resume', speaker: 'guest', turn: 4, fromSample: 24_000 };
  const pause = { type: 'audio.pause', speaker: 'guest', turn: 4, fadeMs: 0 };
  const lost = { type: 'webrtc.state', connected: false, reason: 'fell_silent' };
  for (const messages of [[lost, resume], [resume, lost]]) {
    line.take({ type: 'webrtc.ready', iceServers: [] });
    await connect();
    speak(4, 500);
    const left = messages.filter((message) => !line.take(message));
    assert.deepEqual(left, [resume]);
    assert.equal(line.take(pause), false);
    line.drop();
  }
});

test('a flush that overtakes its turn is the playhead’s to answer, and the turn is not let in', async () => {
  await connect();
  assert.equal(line.take({ type: 'audio.flush', speaker: 'guest', turn: 4, fadeMs: 10 }), false);
  speak(4, 0);
  assert.equal(line.take({ type: 'audio.pause', speaker: 'guest', turn: 4, fadeMs: 10 }), false);
  line.choose(false, false);
  assert.deepEqual(reports, []);
});

test('a line that brings nothing any more begins anew, and is given up before the studio gives up its voice', async (t) => {
  // With the timers of its own.
  line.drop();
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let now = 50_000;
  t.mock.method(performance, 'now', () => now);
  line.take({ type: 'webrtc.ready', iceServers: [] });
  await connect();
  const pass = async (ms, isDead) => {
    for (const until = now + ms; now < until;) {
      now += 10;
      if (!isDead && now % 20 === 0) source = { rtpTimestamp: now * 48, timestamp: now };
      t.mock.timers.tick(10);
    }
    await settled();
  };
  const offered = () => sent.filter((type) => type === 'webrtc.offer').length;
  const before = offered();
  await pass(10_000, false);
  assert.equal(offered(), before);
  for (const round of [1, 2]) {
    await pass(5_000, true);
    assert.equal(offered(), before + round - 1, 'a hole is sat out');
    await pass(1_500, true);
    assert.equal(offered(), before + round, 'once');
    await pass(1_000, false);
  }
  assert.equal(line.isUp, true);
  await pass(7_000, true);
  assert.equal(line.isUp, false);
  assert.deepEqual(states.at(-1), { way: 'socket', isTrying: false, reason: 'lost' });
  // The line may be well again: it is tried, though not at once.
  const lost = offered();
  t.mock.timers.tick(14_990);
  await settled();
  assert.equal(offered(), lost);
  t.mock.timers.tick(10);
  await settled();
  assert.equal(offered(), lost + 1);
});
