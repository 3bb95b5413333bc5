import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionOf, isTalkKey, keyHelp, KEYS } from '../keys.js';
import { clockText, fileText, sizeText, voiceText } from '../words.js';

const press = (key, more = {}) => ({ key, ctrlKey: false, altKey: false, metaKey: false, repeat: false, ...more });
const live = { isLive: true, inField: false, inDialog: false };

test('each key has one meaning, small or capital', () => {
  assert.deepEqual(['m', 'M', 'Escape', 'x', 'a', '1', '2', 'k', 's', 't', 'w', 'c', 'h', '?', 'q', 'space'].map((key) => actionOf(press(key), live)),
    ['mute', 'mute', 'interrupt', 'interrupt', 'autopilot', 'claude', 'guest', 'marker', 'strike', 'type', 'whisper', 'captions', 'figures', 'help', null, null]);
});

test('Space talks unless it is a button’s own', () => {
  assert.equal(isTalkKey(press(' '), { ...live, onButton: false }), true);
  for (const where of [{ onButton: true }, { inField: true }, { inDialog: true }, { isLive: false }]) {
    assert.equal(isTalkKey(press(' '), { ...live, onButton: false, ...where }), false);
  }
});

test('keys mean nothing in a field, in a dialog, before the session, held down or with a modifier', () => {
  for (const where of [{ inField: true }, { inDialog: true }, { isLive: false }]) {
    assert.equal(actionOf(press('m'), { ...live, ...where }), null);
  }
  for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { repeat: true }]) {
    assert.equal(actionOf(press('m', more), live), null);
  }
});

test('the help calls the two by their names', () => {
  const help = keyHelp({ you: 'Mona', claude: 'Ada', guest: 'Grace' });
  assert.deepEqual(help.filter(({ key }) => key === '1' || key === '2').map(({ does }) => does), ['Give Ada the next word', 'Give Grace the next word']);
  assert.equal(help.length, KEYS.length);
  assert.ok(help.every(({ does }) => !/[{}]/.test(does)));
});

test('a voice of the studio is a woman’s or a man’s, and another’s name is not hidden', () => {
  assert.deepEqual(['slt', 'rms', 'nova'].map(voiceText), ['a woman’s voice', 'a man’s voice', 'voice nova']);
});

test('times, sizes and files are written as people read them', () => {
  assert.deepEqual([0, 59_999, 60_000, 3_723_000].map(clockText), ['0:00', '0:59', '1:00', '1:02:03']);
  assert.deepEqual([0, 999, 1000, 9_960, 999_600, 1_204_331].map(sizeText), ['0 B', '999 B', '1.0 kB', '10 kB', '1.0 MB', '1.2 MB']);
  assert.deepEqual(['you.webm', 'episode.vtt', 'ada.vtt', 'odd'].map(fileText), ['Audio track', 'Captions of everybody', 'Captions', 'File']);
});
