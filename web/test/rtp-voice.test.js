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
  /** No packet comes: the browser gives out nothing new, and the page asks on. The track goes on meanwhile. */
  const hole = (/** @type {number} */ from, /** @type {number} */ until, /** @type {number} */ asked = from) => {
    for (let now = asked; now < until; now += 10) {
      voice.source(rtpAt(from - 20), from - 20, now);
      voice.tick(now);
    }
  };
  const stalled = () => reports.filter((report) => report.stalled);
  return { voice, gates, reports, stalled, run, hole, rtpAt };
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
  voice.resume(1);
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
  const { voice, gates, reports, run, hole, rtpAt } = line();
  voice.segment(5, 0, rtpAt(0), 0);
  run(0, 600);
  hole(600, 5_600);
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

test('a page that was jammed while the voice played on has heard it', () => {
  const { voice, gates, reports, stalled, run, rtpAt } = line();
  voice.segment(5, 0, rtpAt(0), 0);
  run(0, 600);
  // Nothing is asked for half a second.
  run(1_100, 1_300);
  assert.deepEqual([stalled(), gates], [[], []]);
  const last = reports.at(-1);
  assert.equal(last.played, last.at * 48);
});

test('a hole that a jam hides the beginning of is a hole, from its own beginning', () => {
  const { voice, stalled, run, hole, rtpAt } = line();
  voice.segment(5, 0, rtpAt(0), 0);
  run(0, 600);
  // The voice plays on for 200 ms of the jam, then comes nothing more.
  hole(820, 2_000, 1_100);
  run(2_000, 2_100);
  assert.equal(stalled().length, 1);
  assert.ok(Math.abs(stalled()[0].played - 820 * 48) <= 60 * 48, `${stalled()[0].played}`);
});

test('a turn that begins in a hole is unheard from its first sample, and the one before it is left alone', () => {
  const { voice, stalled, run, hole, rtpAt } = line();
  voice.segment(4, 0, rtpAt(0), 0);
  run(0, 400);
  voice.rest();
  run(400, 600);
  hole(600, 900);
  voice.segment(5, 0, rtpAt(950), 900);
  hole(600, 1_600, 900);
  run(1_600, 1_700);
  assert.deepEqual(stalled().map(({ turn, played }) => [turn, played]), [[5, 0]]);
});

test('a shut gate stays shut for sound that has gone by, and asks for it again', () => {
  const { voice, gates, reports, stalled, run, rtpAt } = line();
  voice.segment(3, 0, rtpAt(0), 0);
  run(0, 300);
  voice.flush(3, 300);
  run(300, 500);
  // The socket's message is 200 ms behind the sound it is about.
  voice.segment(4, 0, rtpAt(300), 500);
  assert.equal(gates.at(-1).open, false);
  assert.deepEqual(stalled().map(({ turn, played }) => [turn, played]), [[4, 0]]);
  const count = reports.length;
  run(500, 700);
  assert.equal(reports.length, count, 'nothing of it was heard');
  assert.ok(voice.has(4), 'orders for the turn are taken');
  voice.segment(4, 0, rtpAt(760), 700);
  assert.deepEqual([gates.at(-1).open, gates.at(-1).inMs], [true, 60]);
  run(700, 900);
  const last = reports.at(-1);
  assert.equal(last.played, (last.at - 760) * 48);
});

test('a message that is late by a packet or two opens the gate: a piece of a syllable is less than a repeat', () => {
  const { voice, gates, stalled, run, rtpAt } = line();
  voice.segment(3, 0, rtpAt(0), 0);
  run(0, 300);
  voice.flush(3, 300);
  run(300, 510);
  voice.segment(4, 0, rtpAt(470), 500);
  assert.deepEqual(gates.at(-1), { open: true, inMs: 0, fadeMs: 10 });
  assert.deepEqual(stalled(), []);
});

test('over a socket that is always late a voice is let in at the third time, with what is left of it', () => {
  const { voice, gates, reports, stalled, run, rtpAt } = line();
  voice.segment(3, 0, rtpAt(0), 0);
  run(0, 300);
  voice.pause(3, 300);
  voice.resume(3);
  for (let now = 300; now <= 900; now += 300) {
    run(now, now + 300);
    voice.segment(3, 14_400, rtpAt(now + 200), now + 300);
  }
  assert.equal(stalled().length, 2);
  assert.deepEqual(gates.at(-1), { open: true, inMs: 0, fadeMs: 10 });
  run(1_200, 1_300);
  assert.equal(reports.at(-1).played, 14_400 + (reports.at(-1).at - 1_100) * 48);
  // A socket that was in time once has its chances again.
  voice.pause(3, 1_300);
  voice.resume(3);
  voice.segment(3, 20_000, rtpAt(1_360), 1_300);
  run(1_300, 1_500);
  voice.pause(3, 1_500);
  voice.resume(3);
  voice.segment(3, 25_000, rtpAt(1_400), 1_500);
  assert.equal(stalled().length, 3);
});

test('an order that overtakes its turn holds: the gate opens for no flushed turn, and for a paused one at its resume', () => {
  const { voice, gates, reports, run, rtpAt } = line();
  run(0, 100);
  voice.flush(6, 100);
  assert.equal(gates.at(-1).open, false, 'what is on the way of it is not heard');
  voice.segment(6, 0, rtpAt(160), 110);
  voice.segment(5, 0, rtpAt(160), 110);
  voice.pause(7, 120);
  voice.segment(7, 0, rtpAt(180), 130);
  run(110, 400);
  assert.equal(gates.at(-1).open, false);
  assert.deepEqual([reports, voice.has(6), voice.isSpeaking], [[], false, false]);
  voice.resume(7);
  voice.segment(7, 0, rtpAt(460), 400);
  assert.equal(gates.at(-1).open, true);
  run(400, 600);
  assert.equal(reports.at(-1).turn, 7);
});

test('a voice that waits for its sound to come again tells no places, also when it is paused', () => {
  const { voice, reports, stalled, run, hole, rtpAt } = line();
  voice.segment(5, 0, rtpAt(0), 0);
  run(0, 600);
  hole(600, 1_600);
  run(1_600, 1_700);
  voice.pause(5, 1_700);
  voice.report(1_700);
  assert.equal(reports.at(-1), stalled()[0]);
});

test('where it has got to can be told between two rounds', () => {
  const { voice, reports, run, rtpAt } = line();
  voice.segment(1, 0, rtpAt(0), 0);
  run(0, 510);
  voice.report(507);
  assert.deepEqual(reports.at(-1), { turn: 1, played: 507 * 48, at: 507, flushed: false, stalled: false });
});

test('all that was given out before a line died is heard, when it has come to the ear, and no more', () => {
  const { voice, reports, run, hole, rtpAt } = line();
  voice.latency = 150;
  voice.segment(1, 0, rtpAt(0), 0);
  run(0, 500);
  hole(500, 560);
  assert.ok(reports.at(-1).played < 410 * 48, `${reports.at(-1).played}`);
  hole(500, 760, 560);
  assert.equal(reports.at(-1).played, 500 * 48);
});
