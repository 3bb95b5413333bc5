// One press strikes one turn: a second one at once does nothing, and one before anybody has spoken again is asked about.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrikeGuard } from '../strike-guard.js';

test('a press strikes, and a second one at once does nothing', () => {
  const guard = new StrikeGuard();
  assert.deepEqual([0, 200, 1999].map((ms) => guard.press(ms, 4)), ['strike', 'nothing', 'nothing']);
});

test('the turn before goes only when it is asked for twice, and not by a double press', () => {
  const guard = new StrikeGuard();
  assert.equal(guard.press(0, 4), 'strike');
  assert.deepEqual([3000, 3200, 3900, 4100].map((ms) => guard.press(ms, 4)), ['ask', 'nothing', 'nothing', 'strike']);
  assert.deepEqual([7000, 18_000, 20_000].map((ms) => guard.press(ms, 4)), ['ask', 'ask', 'strike'], 'a question is not open for ever');
});

test('who has spoken since is struck by one press', () => {
  const guard = new StrikeGuard();
  assert.equal(guard.press(0, 4), 'strike');
  assert.equal(guard.press(1000, 5), 'nothing', 'the turn that began may not be the one that was meant');
  assert.equal(guard.press(2500, 5), 'strike');
});

test('what was struck by a spoken word counts as well', () => {
  const guard = new StrikeGuard();
  guard.struck(0, 6);
  assert.deepEqual([500, 2500].map((ms) => guard.press(ms, 6)), ['nothing', 'ask']);
});
