import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtpVoice } from '../rtp-voice.js';

const START = 2 ** 32 - 9_600;

/** A browser that gives out a packet every 20 ms, 60 ms after it was sent, on a clock of ours. */
function line() {
  /** @type {any[]} */ const gates = [];
  /** @type {any[]} */ const reports = [];
  const voice = new RtpVoice((gate) => gates.push(gate), (report) => reports.push(report));
  const rtpAt = (/** @type {number} */ ms) => (START + ms * 48) % 2 ** 32;
  const run = (/** @type {number} */ from, /** @type {number} */ until) => {
    for (let now = from; now < until; now += 10) {
      if (now % 20 === 0) voice.source(rtpAt(now), now, now);
      voice.tick(now);
    }
  };
  return { voice, gates, reports, run, rtpAt };
}

test('a position is told by RTP time, across its wrap, less the way to the ear', () => {
  const { voice, reports, run, rtpAt } = line();
  voice.latency = 30;
  run(0, 100);
  assert.equal(reports.length, 0);
  voice.segment(7, 0, rtpAt(160), 100);
  run(100, 1000);
  assert.ok(reports.length > 12);
  for (const { turn, played, at } of reports) {
    assert.equal(turn, 7);
    assert.equal(played, (at - 160 - 30) * 48);
  }
});

test('a pause shuts the gate at once, and it opens at the segment of the resume, not before', () => {
  const { voice, gates, reports, run, rtpAt } = line();
  voice.segment(1, 0, rtpAt(0), 0);
  run(0, 500);
  voice.pause(1, 505);
  assert.deepEqual(gates, [{ open: false, inMs: 0, fadeMs: 10 }]);
  const heard = reports.at(-1).played;
  assert.ok(Math.abs(heard - 505 * 48) < 48 * 6, `${heard}`);
  const count = reports.length;
  run(510, 900);
  assert.equal(reports.length, count, 'what is played behind the gate is not heard');
  voice.segment(1, heard, rtpAt(960), 900);
  assert.equal(gates.length, 2);
  assert.equal(gates[1].open, true);
  assert.ok(Math.abs(gates[1].inMs - 60) <= 20, `${gates[1].inMs}`);
  run(900, 1400);
  const last = reports.at(-1);
  assert.equal(last.played, heard + (last.at - 960) * 48);
});

test('a flush answers once with what was heard, and nothing of the turn follows', () => {
  const { voice, gates, reports, run, rtpAt } = line();
  voice.segment(3, 0, rtpAt(0), 0);
  run(0, 300);
  voice.flush(3, 300);
  assert.equal(gates.at(-1).open, false);
  const last = reports.at(-1);
  assert.deepEqual([last.turn, last.flushed], [3, true]);
  assert.ok(last.played > 280 * 48 && last.played <= 300 * 48);
  const count = reports.length;
  run(310, 800);
  assert.equal(reports.length, count);
  voice.segment(4, 0, rtpAt(860), 800);
  assert.equal(gates.at(-1).open, true);
});

test('sound that went by while the line was dead is reported as unheard', () => {
  const { voice, gates, reports, run, rtpAt } = line();
  voice.segment(5, 0, rtpAt(0), 0);
  run(0, 600);
  // Five seconds without a packet; then the track is five seconds further.
  for (let now = 600; now < 5_600; now += 10) voice.tick(now);
  run(5_600, 5_700);
  const stalled = reports.filter((report) => report.stalled);
  assert.equal(stalled.length, 1);
  assert.ok(Math.abs(stalled[0].played - 600 * 48) <= 60 * 48, `${stalled[0].played}`);
  assert.equal(gates.at(-1).open, false);
  voice.segment(5, stalled[0].played, rtpAt(5_800), 5_700);
  run(5_700, 6_200);
  const last = reports.at(-1);
  assert.equal(last.played, stalled[0].played + (last.at - 5_800) * 48);
});

test('positions of a turn never go back, and a voice that rests reports nothing', () => {
  const { voice, reports, run, rtpAt } = line();
  voice.segment(1, 9_600, rtpAt(0), 0);
  run(0, 200);
  voice.segment(1, 0, rtpAt(220), 200);
  run(200, 400);
  for (let i = 1; i < reports.length; i++) assert.ok(reports[i].played >= reports[i - 1].played);
  voice.rest();
  const count = reports.length;
  run(400, 900);
  assert.equal(reports.length, count);
});
