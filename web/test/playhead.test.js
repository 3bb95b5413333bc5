import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Playhead } from '../playhead.js';

const QUANTUM = 128;

/** A playhead on a clock of its own: what it plays and what it says. */
class Bench {
  constructor(rate = 48_000) {
    this.reports = [];
    this.heard = [];
    this.frame = 10_000 * QUANTUM;
    this.origin = this.frame;
    this.playhead = new Playhead(rate, (report) => this.reports.push(report));
  }

  obey(command) {
    this.playhead.obey(command, this.frame);
  }

  /** Frames of 20 ms whose samples are their own places, so that what is heard can be read. */
  send(turn, from, to) {
    for (let first = from; first < to; first += 960) {
      const pcm = Int16Array.from({ length: Math.min(960, to - first) }, (_, i) => valueAt(first + i));
      this.obey({ type: 'frame', turn, firstSample: first, pcm: pcm.buffer });
    }
  }

  render(quanta) {
    for (let i = 0; i < quanta; i++) {
      const output = new Float32Array(QUANTUM);
      this.playhead.render(output, this.frame);
      this.heard.push(...output.map((sample) => sample * 32_768));
      this.frame += QUANTUM;
    }
  }

  positions(turn) {
    return this.reports.filter((report) => report.type === 'position' && report.turn === turn);
  }
}

/** A sample that names its place, never 0. */
const valueAt = (place) => (place % 16_000) + 1;

test('nothing is heard before 60 ms are queued, then every sample in its place', () => {
  const bench = new Bench();
  bench.send(1, 0, 1920);
  bench.render(4);
  assert.ok(bench.heard.every((sample) => sample === 0));
  bench.send(1, 1920, 4800);
  const start = bench.heard.length;
  bench.render(20);
  for (let i = 0; i < 20 * QUANTUM; i++) assert.equal(bench.heard[start + i], valueAt(i));
});

test('a turn shorter than the cushion is played when nothing more came for 60 ms', () => {
  const bench = new Bench();
  bench.send(1, 0, 960);
  bench.render(22);
  assert.equal(bench.heard.find((sample) => sample !== 0), undefined);
  bench.render(10);
  assert.equal(bench.heard.filter((sample) => sample >= 1).length >= 960, true);
});

test('a pause falls silent within its fade, keeps the position, and resume goes on there, however little the server knows', () => {
  const bench = new Bench();
  bench.send(1, 0, 9600);
  bench.render(20);
  bench.obey({ type: 'audio.pause', turn: 1, fadeMs: 10 });
  const ordered = bench.heard.length;
  bench.render(30);
  assert.equal(bench.heard.findLastIndex((sample) => sample !== 0) - ordered < 480, true);
  const from = bench.positions(1).at(-1).played;
  assert.equal(Math.abs(from - (20 * QUANTUM + 480)) <= 1, true);
  bench.obey({ type: 'audio.resume', turn: 1, fromSample: 2000 });
  const resumed = bench.heard.length;
  bench.render(10);
  for (let i = 240; i < 10 * QUANTUM; i++) assert.equal(bench.heard[resumed + i], valueAt(from + i));
});

test('what was played is told again to a server that sends it again, and is not heard again', () => {
  const bench = new Bench();
  bench.send(1, 0, 9600);
  bench.render(120);
  const told = bench.positions(1).length;
  const heard = bench.heard.length;
  bench.render(60);
  assert.equal(bench.positions(1).length, told);
  bench.send(1, 4800, 9600);
  bench.render(30);
  bench.obey({ type: 'audio.resume', turn: 1, fromSample: 4800 });
  bench.render(30);
  assert.deepEqual(bench.positions(1).slice(told).map(({ played }) => played), [9600, 9600]);
  assert.ok(bench.heard.slice(heard).every((sample) => sample === 0));
});

test('a fade of a pause or flush never takes longer than 10 ms, whatever was asked', () => {
  for (const type of ['audio.pause', 'audio.flush']) {
    const bench = new Bench();
    bench.send(1, 0, 9600);
    bench.render(20);
    bench.obey({ type, turn: 1, fadeMs: 500 });
    const ordered = bench.heard.length;
    bench.render(30);
    assert.equal(bench.heard.findLastIndex((sample) => sample !== 0) - ordered < 480, true);
  }
});

test('a flushed turn is reported once with what was played, and its late frames are never heard', () => {
  const bench = new Bench();
  bench.send(1, 0, 9600);
  bench.render(20);
  bench.obey({ type: 'audio.flush', turn: 1, fadeMs: 10 });
  bench.render(10);
  bench.obey({ type: 'audio.flush', turn: 1, fadeMs: 10 });
  bench.send(1, 9600, 19_200);
  bench.obey({ type: 'audio.resume', turn: 1, fromSample: 3000 });
  const after = bench.heard.length;
  bench.render(100);
  assert.ok(bench.heard.slice(after).every((sample) => sample === 0));
  const flushed = bench.positions(1).filter((report) => report.flushed);
  assert.equal(flushed.length, 1);
  assert.ok(Math.abs(flushed[0].played - (20 * QUANTUM + 480)) <= 1);
  assert.equal(bench.positions(1).at(-1), flushed[0]);
});

test('a turn that is flushed before its first frame is answered, and stays unheard', () => {
  const bench = new Bench();
  bench.obey({ type: 'audio.flush', turn: 7, fadeMs: 10 });
  assert.deepEqual(bench.positions(7), [{ type: 'position', turn: 7, played: 0, frame: bench.frame, flushed: true }]);
  bench.send(7, 0, 9600);
  bench.render(80);
  assert.ok(bench.heard.every((sample) => sample === 0));
});

test('the reported position is what was rendered one latency ago, at the frame it names', () => {
  const bench = new Bench();
  bench.obey({ type: 'latency', seconds: 0.03 });
  bench.send(1, 0, 48_000);
  const began = bench.frame;
  bench.render(200);
  for (const { played, frame } of bench.positions(1)) assert.equal(played, Math.max(0, frame - began - 1440));
  assert.ok(bench.positions(1).length >= 10);
});

test('the end of a turn is reported when its last sample is heard, across an underrun too', () => {
  const bench = new Bench();
  bench.obey({ type: 'latency', seconds: 0.03 });
  bench.send(1, 0, 4800);
  const began = bench.frame;
  bench.render(60);
  const last = bench.positions(1).at(-1);
  assert.equal(last.played, 4800);
  assert.ok(last.frame - (began + 4800 + 1440) < QUANTUM);
  const count = bench.positions(1).length;
  bench.render(100);
  assert.equal(bench.positions(1).length, count, 'nothing is said while nothing is heard');
  bench.send(1, 4800, 9600);
  bench.render(120);
  assert.equal(bench.positions(1).at(-1).played, 9600);
  assert.equal(bench.playhead.counts.underruns, 1);
});

test('blocks that come after they should have sounded are counted, and those on time are not', () => {
  const bench = new Bench();
  bench.send(1, 0, 4800);
  // 100 ms of sound, then 50 ms of nothing: of the next four blocks three should have begun by then.
  bench.render(57);
  bench.send(1, 4800, 8640);
  bench.render(400);
  assert.deepEqual(bench.playhead.counts, { blocks: 9, lateBlocks: 3, underruns: 1 });
  const told = bench.reports.filter(({ type }) => type === 'counts');
  assert.deepEqual(told.at(-1), { type: 'counts', blocks: 9, lateBlocks: 3, underruns: 1 });
  const count = told.length;
  bench.render(100);
  assert.equal(bench.reports.filter(({ type }) => type === 'counts').length, count, 'told only when they change');
});

test('the end of a turn, a pause and what is sent again are neither late nor an underrun', () => {
  const bench = new Bench();
  bench.send(1, 0, 4800);
  bench.render(100);
  bench.send(2, 0, 4800);
  bench.render(20);
  bench.obey({ type: 'audio.pause', turn: 2, fadeMs: 10 });
  bench.render(100);
  bench.obey({ type: 'audio.resume', turn: 2, fromSample: 960 });
  bench.send(2, 960, 6720);
  bench.render(100);
  const { lateBlocks, underruns } = bench.playhead.counts;
  assert.deepEqual([lateBlocks, underruns], [0, 0]);
});

test('a voice that ran dry and then was paused, resumed or both is neither late nor an underrun', () => {
  for (const orders of [['audio.resume'], ['audio.pause'], ['audio.pause', 'audio.resume']]) {
    const bench = new Bench();
    bench.send(1, 0, 4800);
    bench.render(100);
    for (const type of orders) {
      bench.obey({ type, turn: 1, fadeMs: 10, fromSample: 4800 });
      bench.render(20);
    }
    // One block after the other, as they come off the line, until the cushion is full and beyond.
    for (let first = 4800; first < 9600; first += 960) {
      bench.send(1, first, first + 960);
      bench.render(7);
    }
    if (!orders.includes('audio.resume')) bench.obey({ type: 'audio.resume', turn: 1, fromSample: 4800 });
    bench.render(100);
    assert.deepEqual(bench.playhead.counts, { blocks: 10, lateBlocks: 0, underruns: 0 }, orders.join());
    assert.equal(bench.positions(1).at(-1).played, 9600, orders.join());
    // The cushion is as it was: 60 ms begin the next turn at once.
    bench.send(2, 0, 2880);
    const from = bench.heard.length;
    bench.render(2);
    assert.equal(bench.heard[from], valueAt(0), orders.join());
  }
});

test('positions never go back, also when the latency grows or the server goes back to unheard samples', () => {
  const bench = new Bench();
  bench.send(1, 0, 48_000);
  bench.render(100);
  bench.obey({ type: 'latency', seconds: 0.2 });
  bench.render(40);
  bench.obey({ type: 'audio.pause', turn: 1, fadeMs: 10 });
  bench.render(10);
  bench.obey({ type: 'audio.resume', turn: 1, fromSample: 9000 });
  bench.render(100);
  const positions = bench.positions(1).map(({ played }) => played);
  assert.deepEqual(positions, [...positions].sort((a, b) => a - b));
});

test('an underrun ends in a ramp and not in a cliff, and the voice comes back in one', () => {
  const bench = new Bench();
  bench.send(1, 0, 4800);
  bench.render(60);
  const end = bench.heard.findIndex((sample) => sample === valueAt(4799));
  const steps = bench.heard.slice(end, end + 300).map((sample, i, all) => Math.abs(sample - (all[i - 1] ?? sample)));
  assert.ok(Math.max(...steps) < valueAt(4799) / 200);
  bench.send(1, 4800, 9600);
  const back = bench.heard.length;
  bench.render(4);
  assert.ok(bench.heard[back] < valueAt(4800) / 200);
  assert.equal(bench.heard[back + 300], valueAt(5100));
});

test('samples that were played already and samples beyond the ring change nothing', () => {
  const bench = new Bench();
  bench.send(1, 0, 9600);
  bench.render(20);
  bench.send(1, 0, 1920);
  bench.obey({ type: 'frame', turn: 1, firstSample: 10_000_000, pcm: new Int16Array(960).fill(9).buffer });
  const at = bench.heard.length;
  bench.render(10);
  for (let i = 0; i < 10 * QUANTUM; i++) assert.equal(bench.heard[at + i], valueAt(20 * QUANTUM + i));
  assert.equal(bench.playhead.dropped, 1920 + 960);
});

test('a hole between frames is silence of its own length', () => {
  const bench = new Bench();
  bench.send(1, 0, 2880);
  bench.send(1, 3840, 7680);
  bench.render(60);
  assert.ok(bench.heard.slice(2880, 3840).every((sample) => sample === 0));
  assert.equal(bench.heard[3840], valueAt(3840));
});

test('the next turn waits until the one before it was played, and starts from its own first sample', () => {
  const bench = new Bench();
  bench.obey({ type: 'latency', seconds: 0.03 });
  bench.send(1, 0, 4800);
  bench.send(3, 0, 4800);
  bench.render(120);
  assert.equal(bench.heard[4799], valueAt(4799));
  // It begins with the next quantum; the first turn's cliff takes 5 ms to come down.
  const second = Math.ceil(4800 / QUANTUM) * QUANTUM;
  for (let i = 300; i < 4800; i++) assert.equal(bench.heard[second + i], valueAt(i));
  assert.equal(bench.positions(1).at(-1).played, 4800);
  assert.equal(bench.positions(3).at(-1).played, 4800);
  bench.send(1, 4800, 9600);
  const after = bench.heard.length;
  bench.render(80);
  assert.ok(bench.heard.slice(after).every((sample) => sample === 0), 'the turn before is over');
});

test('a turn that gave way to a newer one stays over when the newer one is gone', () => {
  const bench = new Bench();
  bench.send(1, 0, 4800);
  bench.send(3, 0, 9600);
  bench.render(80);
  bench.obey({ type: 'audio.flush', turn: 3, fadeMs: 10 });
  bench.render(10);
  bench.send(1, 4800, 9600);
  const after = bench.heard.length;
  bench.render(80);
  assert.ok(bench.heard.slice(after).every((sample) => sample === 0));
});

test('a page that joins a turn in its middle begins at the sample it is told', () => {
  const bench = new Bench();
  bench.obey({ type: 'audio.resume', turn: 5, fromSample: 24_000 });
  bench.send(5, 24_000, 28_800);
  bench.render(4);
  assert.equal(bench.heard[0], valueAt(24_000));
  assert.equal(bench.positions(5)[0].played, 24_000);
  bench.obey({ type: 'audio.resume', turn: 5, fromSample: 0 });
  const back = bench.heard.length;
  bench.render(4);
  assert.equal(bench.heard[back + 300], valueAt(24_000 + 4 * QUANTUM + 300), 'what was played is over');
});

test('a turn that WebRTC lost after a pause waits for its second resume, and begins where that says', () => {
  const bench = new Bench();
  bench.send(3, 0, 4800);
  bench.render(80);
  // The first resume was for the other way, and the playhead took it for its own.
  bench.obey({ type: 'audio.resume', turn: 5, fromSample: 9_600 });
  bench.render(10);
  bench.obey({ type: 'audio.resume', turn: 5, fromSample: 24_000 });
  bench.obey({ type: 'audio.pause', turn: 5, fadeMs: 0 });
  bench.send(5, 24_000, 28_800);
  const paused = bench.heard.length;
  bench.render(10);
  assert.ok(bench.heard.slice(paused).every((sample) => sample === 0));
  bench.obey({ type: 'audio.resume', turn: 5, fromSample: 24_000 });
  const resumed = bench.heard.length;
  bench.render(4);
  assert.equal(bench.heard[resumed], valueAt(24_000));
  bench.obey({ type: 'audio.pause', turn: 5, fadeMs: 10 });
  bench.render(8);
  assert.equal(bench.heard.at(-1), 0);
});

test('ducking ramps the gain, 0 dB restores it, and the next turn begins at full gain', () => {
  const bench = new Bench();
  bench.send(1, 0, 9600);
  bench.render(8);
  bench.obey({ type: 'audio.duck', turn: 1, gainDb: -20, fadeMs: 20 });
  bench.render(8);
  const at = bench.heard.length;
  bench.render(1);
  assert.ok(Math.abs(bench.heard[at] - valueAt(at) / 10) < 1);
  bench.obey({ type: 'audio.duck', turn: 1, gainDb: 0, fadeMs: 20 });
  bench.render(9);
  const restored = bench.heard.length;
  bench.render(1);
  assert.equal(bench.heard[restored], valueAt(restored));
  bench.obey({ type: 'audio.duck', turn: 1, gainDb: -20, fadeMs: 20 });
  bench.obey({ type: 'audio.flush', turn: 1, fadeMs: 10 });
  bench.render(6);
  bench.send(2, 0, 4800);
  const next = bench.heard.length;
  bench.render(10);
  assert.equal(bench.heard[next + 100], valueAt(100));
});

test('a context at 44.1 kHz plays at the right speed and counts in samples of the turn', () => {
  const bench = new Bench(44_100);
  const tone = Int16Array.from({ length: 48_000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * 1000 * i) / 48_000));
  bench.obey({ type: 'frame', turn: 1, firstSample: 0, pcm: tone.buffer });
  bench.render(400);
  let worst = 0;
  for (let i = 100; i < 40_000; i++) {
    worst = Math.max(worst, Math.abs(bench.heard[i] - 8000 * Math.sin((2 * Math.PI * 1000 * i) / 44_100)));
  }
  assert.ok(worst < 8, `off by ${worst} of 8000`);
  assert.equal(bench.positions(1).at(-1).played, 48_000);
});
