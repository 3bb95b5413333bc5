// What can be taken away from a recording.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksums, wavs } from '../files.js';
import { fileText } from '../words.js';

const take = { episodeId: 'night trains', state: 'finished', durationMs: 16_000, speakers: [{ speaker: 'you' }, { speaker: 'claude' }, { speaker: 'guest' }] };

test('a finished recording has a WAV of each track and one of the mix, of a known length', () => {
  const found = wavs(take);
  assert.deepEqual(found.map(({ name }) => name), ['you.wav', 'claude.wav', 'guest.wav', 'mix.wav']);
  assert.equal(found[3].url, '/api/recordings/night%20trains/audio/mix.wav');
  // 16 s at 48 kHz, two bytes a sample, and the head.
  assert.ok(found.every(({ bytes }) => bytes === 44 + 2 * 16 * 48_000));
});

test('what is not finished has none', () => {
  assert.deepEqual(wavs({ ...take, state: 'on-air' }), []);
  assert.deepEqual(wavs({ ...take, durationMs: null }), []);
});

test('what is longer than a WAV file can be has none, and what just fits has them', () => {
  const longest = Math.floor((2 ** 32 - 1 - 36) / 96);
  assert.ok(longest / 3_600_000 > 12.4);
  assert.equal(wavs({ ...take, durationMs: longest }).length, 4);
  assert.deepEqual(wavs({ ...take, durationMs: longest + 1 }), []);
});

test('checksums are lines that sha256sum reads, of the files that have one', () => {
  assert.equal(checksums([{ name: 'a', sha256: '12' }, { name: 'b', sha256: null }, { name: 'c', sha256: '34' }]), '12  a\n34  c');
});

test('every file is called what it is', () => {
  assert.deepEqual(['you.webm', 'you.wav', 'mix.wav', 'episode.vtt', 'you.vtt', 'episode.txt', 'episode.json', 'events.jsonl', 'session.yml', 'x.bin'].map(fileText),
    ['Audio track', 'WAV', 'Mix, WAV', 'Captions of everybody', 'Captions', 'Transcript', 'Transcript for programs', 'Event log', 'Manifest', 'File']);
});
