import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { canEncodeOpus, OpusCapture } from '../opus-capture.js';
import { HEADER_BYTES } from '../protocol.js';

/** WebCodecs' encoder as the page uses it: one chunk for each frame, when the test says so. */
class FakeEncoder {
  static made = [];
  static async isConfigSupported(config) { return { supported: config.codec === 'opus', config }; }
  state = 'unconfigured';
  waiting = [];
  constructor({ output, error }) { this.output = output; this.error = error; FakeEncoder.made.push(this); }
  configure() { this.state = 'configured'; }
  encode(data) { this.waiting.push(data); }
  close() { this.state = 'closed'; }
  give(description) {
    const { timestamp } = this.waiting.shift();
    this.output({ timestamp, byteLength: 3, copyTo: (to) => to.set([0xF8, 0xFF, 0xFE]) }, description && { decoderConfig: { description } });
  }
}

class FakeData {
  constructor(init) { Object.assign(this, init); }
  close() {}
}

const pcm = (first, samples = 960, muted = false) => ({ buffer: new ArrayBuffer(HEADER_BYTES + samples * 2), first, muted });
const head = (preSkip) => Uint8Array.from([...'OpusHead'].map((c) => c.charCodeAt(0)).concat([1, 1, preSkip & 255, preSkip >> 8]));

let sent, capture;

beforeEach(() => {
  globalThis.AudioEncoder = FakeEncoder;
  globalThis.AudioData = FakeData;
  FakeEncoder.made = [];
  sent = [];
  capture = new OpusCapture((frame) => sent.push(frame));
});

afterEach(() => {
  delete globalThis.AudioEncoder;
  delete globalThis.AudioData;
});

test('Opus is for browsers that can and for its own rate', async () => {
  assert.equal(await canEncodeOpus(48_000), true);
  assert.equal(await canEncodeOpus(44_100), false);
  delete globalThis.AudioEncoder;
  assert.equal(await canEncodeOpus(48_000), false);
});

test('a packet has the number of its frame, less what the encoder looks ahead', () => {
  for (const first of [0, 960, 1920]) assert.equal(capture.push(pcm(first, 960, first === 1920)), true);
  const [encoder] = FakeEncoder.made;
  encoder.give();
  encoder.give(head(120));
  encoder.give();
  // The first one would begin before the counter.
  assert.deepEqual(sent.map(({ first, muted, isOpus }) => [first, muted, isOpus]), [[840, false, true], [1800, true, true]]);
  assert.deepEqual([...new Uint8Array(sent[0].buffer, HEADER_BYTES)], [0xF8, 0xFF, 0xFE]);
});

test('a hole and a short frame begin the encoder anew, and what was in the old one is not sent', () => {
  capture.push(pcm(0));
  capture.push(pcm(960));
  const [old] = FakeEncoder.made;
  capture.push(pcm(9600));
  assert.equal(FakeEncoder.made.length, 2);
  assert.equal(old.state, 'closed');
  old.give();
  FakeEncoder.made[1].give();
  assert.deepEqual(sent.map(({ first }) => first), [9600 - 312]);
  assert.equal(capture.push(pcm(10_560, 500)), false, 'sent as it is');
});

test('an encoder that is stuck or broken is not waited for: the frame is sent as it is', () => {
  for (let n = 0; n < 10; n++) assert.equal(capture.push(pcm(n * 960)), true);
  assert.equal(capture.push(pcm(9600)), false);
  FakeEncoder.made[0].error(new Error('no'));
  assert.equal(capture.hasFailed, true);
  assert.equal(capture.push(pcm(10_560)), false);
});
