import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Framer } from '../framer.js';
import { HEADER_BYTES } from '../protocol.js';

const quantum = (value) => new Float32Array(128).fill(value);
const pcmOf = (frame) => new Int16Array(frame.buffer, HEADER_BYTES);

function feed(framer, quanta, from, value = 0.5) {
  const frames = [];
  for (let i = 0; i < quanta; i++) frames.push(...framer.push(quantum(value), from + i * 128, 128));
  return frames;
}

test('frames are 20 ms long and numbered from the first quantum on', () => {
  const frames = feed(new Framer(48_000), 30, 12_800);
  assert.deepEqual(frames.map(({ first }) => first), [0, 960, 1920, 2880]);
  assert.ok(frames.every((frame) => pcmOf(frame).length === 960 && pcmOf(frame)[0] === Math.round(0.5 * 32_767)));
  assert.equal(pcmOf(feed(new Framer(44_100), 10, 0)[0]).length, 882);
});

test('a muted frame is silence with its flag, also where only its end was muted, and the counter runs on', () => {
  const framer = new Framer(48_000);
  feed(framer, 7, 0);
  framer.muted = true;
  const [first, second] = feed(framer, 9, 7 * 128);
  assert.equal(first.muted && second.muted, true);
  assert.ok(pcmOf(first).every((sample) => sample === 0));
  assert.equal(first.level, 0);
  framer.muted = false;
  const frames = feed(framer, 20, 16 * 128);
  assert.equal(frames[0].first, 1920);
  assert.equal(frames.at(-1).muted, false);
});

test('a track without a channel is silence that is counted', () => {
  const framer = new Framer(48_000);
  const frames = [];
  for (let i = 0; i < 8; i++) frames.push(...framer.push(undefined, i * 128, 128));
  assert.equal(frames[0].first, 0);
  assert.equal(frames[0].muted, false);
  assert.ok(pcmOf(frames[0]).every((sample) => sample === 0));
});

test('a hole in rendering is a hole in the numbers', () => {
  const framer = new Framer(48_000);
  feed(framer, 3, 0);
  const [short, next] = feed(framer, 8, 100 * 128);
  assert.deepEqual([short.first, pcmOf(short).length], [0, 3 * 128]);
  assert.deepEqual([next.first, pcmOf(next).length], [100 * 128, 960]);
});

test('samples beyond full scale are held there', () => {
  const [frame] = feed(new Framer(48_000), 8, 0, -3);
  assert.equal(pcmOf(frame)[0], -32_767);
  assert.ok(Math.abs(frame.level - 1) < 1e-9);
});
