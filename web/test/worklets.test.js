// The shells around the pure parts, with the globals of an audio worklet stubbed.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

const processors = {};

before(async () => {
  Object.assign(globalThis, {
    sampleRate: 48_000,
    currentFrame: 0,
    AudioWorkletProcessor: class {
      port = { sent: [], postMessage(message, moved) { this.sent.push({ message, moved }); }, onmessage: null };
    },
    registerProcessor: (name, processor) => { processors[name] = processor; },
  });
  await import('../capture-worklet.js');
  await import('../playback-worklet.js');
});

test('capture says at which frame it began and moves each frame out', () => {
  const capture = new processors['studio-capture']();
  for (let i = 0; i < 8; i++) {
    globalThis.currentFrame = 5000 + i * 128;
    assert.equal(capture.process([[new Float32Array(128).fill(0.1)]]), true);
  }
  const [started, frame] = capture.port.sent;
  assert.deepEqual(started.message, { type: 'started', frame: 5000 });
  assert.equal(frame.message.first, 0);
  assert.deepEqual(frame.moved, [frame.message.buffer]);
});

test('capture goes on without an input and obeys mute', () => {
  const capture = new processors['studio-capture']();
  capture.port.onmessage({ data: { muted: true } });
  for (let i = 0; i < 8; i++) {
    globalThis.currentFrame = i * 128;
    assert.equal(capture.process([[]]), true);
  }
  assert.equal(capture.port.sent.at(-1).message.muted, true);
});

test('playback plays what the port brings and reports through it', () => {
  const playback = new processors['studio-playback']();
  globalThis.currentFrame = 0;
  playback.port.onmessage({ data: { type: 'frame', turn: 1, firstSample: 0, pcm: new Int16Array(4800).fill(16_384).buffer } });
  const output = new Float32Array(128);
  assert.equal(playback.process([], [[output]]), true);
  assert.ok(output.every((sample) => sample === 0.5));
  assert.equal(playback.port.sent[0].message.type, 'position');
});
