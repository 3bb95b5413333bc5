// Addresses of the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asked, recordingAddress } from '../address.js';

test('an address is a place, a recording and a time in it', () => {
  assert.deepEqual(asked(''), { place: '', episode: '', atMs: undefined });
  assert.deepEqual(asked('#/recordings'), { place: 'recordings', episode: '', atMs: undefined });
  assert.deepEqual(asked(`${recordingAddress('night trains/2')}/4200`), { place: 'recordings', episode: 'night trains/2', atMs: 4200 });
  assert.equal(asked('#/recordings/a/4s').atMs, undefined);
});

test('an address that cannot be read is that of no recording', () => {
  assert.deepEqual(asked('#/recordings/%E0'), { place: 'recordings', episode: '', atMs: undefined });
});
