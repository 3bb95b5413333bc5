import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAiFrame, readServerMessage, writeHostHeader } from '../protocol.js';
import { socketUrl } from '../session.js';

/** The layout of docs/protocol.md, written by hand. */
function aiFrame({ kind = 16, speaker = 1, turn = 3, first = 960n, bytes = 4 } = {}) {
  const buffer = new ArrayBuffer(16 + bytes);
  const view = new DataView(buffer);
  view.setUint8(0, kind);
  view.setUint8(1, speaker);
  view.setUint32(4, turn, true);
  view.setBigUint64(8, first, true);
  if (bytes >= 2) view.setInt16(16, -2, true);
  return buffer;
}

test('a host header is written in front of the samples, little-endian', () => {
  const buffer = new ArrayBuffer(18);
  writeHostHeader(buffer, { sequence: 0x01020304, captureSample: 2 ** 33 + 5, muted: true, isOpus: false });
  assert.deepEqual([...new Uint8Array(buffer)], [1, 1, 0, 0, 4, 3, 2, 1, 5, 0, 0, 0, 2, 0, 0, 0, 0, 0]);
});

test('the sequence wraps at 32 bits', () => {
  const buffer = new ArrayBuffer(16);
  writeHostHeader(buffer, { sequence: 2 ** 32 + 1, captureSample: 0, muted: false, isOpus: true });
  assert.equal(new DataView(buffer).getUint32(4, true), 1);
});

test('an AI frame is read back', () => {
  const frame = readAiFrame(aiFrame({ speaker: 2, turn: 9, first: 2n ** 40n }));
  assert.deepEqual([frame.speaker, frame.turn, frame.firstSample], ['guest', 9, 2 ** 40]);
  assert.deepEqual([...new Int16Array(frame.pcm)], [-2, 0]);
});

test('what is no AI frame is left alone', () => {
  for (const buffer of [new ArrayBuffer(0), new ArrayBuffer(15), aiFrame({ kind: 17 }), aiFrame({ speaker: 3 }), aiFrame({ bytes: 3 })]) {
    assert.equal(readAiFrame(buffer), null);
  }
});

test('text that is no message is left alone', () => {
  for (const text of ['', '{', 'null', '[]', '{"type":1}']) assert.equal(readServerMessage(text), null, text);
  assert.equal(readServerMessage('{"type":"server.ack","seq":1,"message":"hi"}').type, 'server.ack');
});

test('the socket is on the host of the page, encrypted where the page is', () => {
  assert.equal(socketUrl('http://localhost:4000/'), 'ws://localhost:4000/ws');
  assert.equal(socketUrl('https://studio.example/index.html?x#y'), 'wss://studio.example/ws');
});
