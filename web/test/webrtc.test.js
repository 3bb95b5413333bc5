// Another microphone on the sound's own line, with a browser of stubs: senders that refuse, and senders that never answer.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { SoundLine } from '../webrtc.js';

/** Peers, oldest first, and what was sent. */
let peers, sent, line;
/** What the next sender does with another track. */
let replace;

class Node { connect(to) { return to; } disconnect() {} gain = { cancelScheduledValues() {}, setValueAtTime() {}, linearRampToValueAtTime() {} }; }
const microphone = (id) => ({ id, getAudioTracks: () => [`track ${id}`] });
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  [peers, sent, replace] = [[], [], async () => {}];
  Object.assign(globalThis, {
    GainNode: Node, AnalyserNode: Node, MediaStream: class {}, Audio: class { play = async () => {}; },
    RTCRtpReceiver: class { getSynchronizationSources() {} },
    RTCPeerConnection: class {
      tracks = [];
      constructor() { peers.push(this); }
      addTransceiver(track) {
        if (track !== 'audio') this.tracks.push(track);
        return { sender: { replaceTrack: (next) => { this.tracks.push(next); return replace(); } }, receiver: { track: { id: track } } };
      }
      async createOffer() { return {}; }
      async setLocalDescription() {}
      close() { this.isClosed = true; }
    },
  });
  const context = { destination: null, createMediaStreamSource: () => new Node() };
  line = new SoundLine(context, microphone('a'), { send: ({ type }) => sent.push(type), onState() {}, onReport() {}, onQuality() {} });
  line.take({ type: 'webrtc.ready', iceServers: [] });
});

test('a sender that refuses another microphone leaves the sound to the socket', async () => {
  replace = async () => { throw new DOMException('negotiate', 'InvalidModificationError'); };
  await line.use(microphone('b'));
  assert.equal(peers[0].isClosed, true);
  assert.deepEqual(sent, ['webrtc.offer', 'webrtc.close']);
  line.drop();
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
  line.drop();
});

test('a sender that never answers holds up nobody for longer than two seconds', async (t) => {
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
