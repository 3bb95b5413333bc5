// What outlives a reload, in a browser that keeps it, one that keeps nonsense, and one that lets pages keep nothing.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import * as remember from '../remember.js';

const KEPT = { resumeToken: 't', episodeId: 'e', hasHeadphones: true, deviceId: 'headset', sampleRate: 48_000, briefing: '' };
let items;

beforeEach(() => {
  items = new Map();
  globalThis.sessionStorage = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
});
afterEach(() => { delete globalThis.sessionStorage; });

test('another microphone is kept with how it was asked for, and the rest stays', () => {
  remember.keep(KEPT);
  remember.changeDevice('', false);
  const { at, ...kept } = remember.kept();
  assert.deepEqual(kept, { ...KEPT, deviceId: '', hasHeadphones: false });
  assert.ok(Date.now() - at < 10_000);
  remember.forget();
  remember.changeDevice('desk', true);
  assert.equal(remember.kept(), null, 'what was forgotten does not come back');
});

test('what cannot be read is nothing, and nothing fails for it', () => {
  items.set('studio.session', '{"resumeToken":');
  remember.changeDevice('desk', true);
  remember.touch();
  assert.equal(remember.kept(), null);
  remember.keep(KEPT);
  assert.equal(remember.kept().deviceId, 'headset');
});

test('a browser that lets pages keep nothing holds up nothing', () => {
  const refuse = () => { throw new DOMException('not here', 'SecurityError'); };
  globalThis.sessionStorage = { getItem: refuse, setItem: refuse, removeItem: refuse };
  remember.keep(KEPT);
  remember.keepHost({ name: 'Mona', briefing: '', hasHeadphones: true });
  remember.touch();
  remember.changeDevice('desk', true);
  remember.forget();
  assert.deepEqual([remember.kept(), remember.host()], [null, null]);
});
