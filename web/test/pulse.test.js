import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pulse } from '../pulse.js';

test('a line is still since its last packet, and not any more with the next', () => {
  const pulse = new Pulse();
  for (let now = 20; now <= 1000; now += 10) assert.ok(pulse.look(Math.floor(now / 20), now) <= 20);
  for (let now = 1010; now <= 4000; now += 10) assert.equal(pulse.look(50, now), now - 1000);
  assert.equal(pulse.look(51, 4010), 0);
});

test('a page that was busy, and a machine that slept, have missed no more than a second', () => {
  const pulse = new Pulse();
  pulse.look(1, 1000);
  assert.equal(pulse.look(400, 9010), 0, 'what came meanwhile was given out');
  assert.equal(pulse.look(400, 99_000), 1000);
  assert.equal(pulse.look(401, 99_020), 0);
});
