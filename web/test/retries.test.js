// When a lost connection is tried again by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Retries } from '../retries.js';

/** Every try fails at once: the times of all of them, in seconds. */
function tries(retries, from) {
  const found = [];
  for (let now = from; ;) {
    retries.lost(now);
    const wait = retries.next(now);
    if (wait === null) return found;
    now += wait;
    found.push((now - from) / 1000);
  }
}

test('it is tried soon, then every eight seconds, for as long as the studio waits', () => {
  const retries = new Retries();
  assert.deepEqual(tries(retries, 5000), [1, 3, 7, 15, 23, 31, 39, 47, 55]);
  assert.deepEqual([retries.leftMs(60_000), retries.leftMs(65_000), retries.leftMs(99_000)], [5000, 0, 0]);
});

test('the minute is counted from the first loss, and anew after a connection', () => {
  const retries = new Retries();
  retries.lost(0);
  retries.lost(30_000);
  assert.equal(retries.leftMs(30_000), 30_000);
  retries.found();
  assert.deepEqual(tries(retries, 40_000).slice(0, 2), [1, 3]);
  assert.equal(retries.leftMs(40_000), 60_000);
});

test('a machine that slept through the minute tries nothing more', () => {
  const retries = new Retries();
  retries.lost(0);
  assert.equal(retries.next(3_600_000), null);
  assert.equal(retries.leftMs(3_600_000), 0);
});
