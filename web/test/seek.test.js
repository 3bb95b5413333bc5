// The keys of the slider after the show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeAfter } from '../seek.js';

test('arrows go five seconds, Page up and down thirty, Home and End to the ends, and no further', () => {
  const after = (key) => placeAfter(key, 60, 120);
  assert.deepEqual(['ArrowLeft', 'ArrowDown', 'ArrowRight', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End'].map(after), [55, 55, 65, 65, 30, 90, 0, 120]);
  assert.equal(placeAfter('ArrowLeft', 2, 120), 0);
  assert.equal(placeAfter('ArrowRight', 118, 120), 120);
  for (const key of ['Tab', 'Enter', ' ', 'a', 'toString']) assert.equal(after(key), null, key);
});
