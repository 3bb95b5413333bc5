import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBrowser } from '../browser-check.js';

const all = { AudioWorkletNode: 1, WebSocket: 1, MediaRecorder: 1, RTCPeerConnection: 1, AudioContext: { prototype: { setSinkId: 1 } } };
const whole = { window: all, isSecure: true, hasMicrophones: true };
const without = (name) => ({ ...whole, window: Object.fromEntries(Object.entries(all).filter(([key]) => key !== name)) });

test('a browser that has everything is told so', () => {
  assert.deepEqual(checkBrowser(whole), { canRun: true, lines: ['Your browser has everything the studio needs.'] });
});

test('what the studio cannot do without keeps the host out, in words', () => {
  for (const browser of [{ ...whole, isSecure: false }, { ...whole, hasMicrophones: false }, without('AudioWorkletNode'), without('WebSocket')]) {
    const { canRun, lines } = checkBrowser(browser);
    assert.equal(canRun, false);
    assert.equal(lines.length, 2);
    assert.match(lines[1], /current Chrome/);
  }
});

test('what it can do without is named and keeps nobody out', () => {
  for (const [name, words] of [['MediaRecorder', /hear yourself/], ['RTCPeerConnection', /WebRTC/], ['AudioContext', /loudspeaker/]]) {
    const { canRun, lines } = checkBrowser(without(name));
    assert.equal(canRun, true);
    assert.equal(lines.length, 1);
    assert.match(lines[0], words);
  }
});
