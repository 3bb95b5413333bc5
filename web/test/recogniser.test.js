// Whether the studio understands what is said, as its health has it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lostRecogniser, lostText } from '../recogniser.js';

const stt = (name, state, more) => ({ kind: 'stt', name, state, ...more });
const voice = { kind: 'tts', name: 'flite', state: 'unavailable' };

test('a recogniser is lost when none can serve, now or in a moment', () => {
  assert.equal(lostRecogniser([voice, stt('moonshine', 'ready')]), null);
  assert.equal(lostRecogniser([stt('moonshine', 'loading')]), null);
  assert.equal(lostRecogniser([stt('cloud', 'unavailable'), stt('moonshine', 'ready', { fallback: true })]), null);
  assert.equal(lostRecogniser([voice, stt('cloud', 'unavailable'), stt('moonshine', 'unavailable')])?.name, 'cloud');
  assert.equal(lostRecogniser([]), null, 'a studio that says nothing of it has lost nothing');
});

test('the host is told what is lost, why, and what they can do', () => {
  assert.equal(lostText({ kind: 'stt', name: 'moonshine', state: 'unavailable', reason: 'no model' }),
    'Nobody would understand you: the studio’s speech recognition (moonshine) is not available: no model. In a session you can type what you would say.');
  assert.doesNotMatch(lostText({ kind: 'stt', name: '', state: 'unavailable' }), /undefined|\(\)/);
});
