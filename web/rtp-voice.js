// One AI's voice that comes by WebRTC: where it has got to, and when it may be heard.
//
// Pure: no clock, no audio graph. The browser tells which RTP time it gave out and when (`source`), the server tells
// which sample of which turn has which RTP time (`segment`); the track never stops, so a position is a subtraction.
// The browser holds sound that cannot be taken back. So a voice that must fall silent is shut by a gate at once, and
// the gate opens at the RTP time of the next segment: what the browser held meanwhile is played behind it, unheard.
// Orders and segments come from two sides of the server, and an order may overtake the segment of its turn: it holds.
//
// Invariants: reported positions of a turn never go back; nothing is heard of a turn after its flush, or between its
// pause and its resume; sound that went by while the line was dead or the gate shut is reported as unheard, but for two packets
// at most, and for a socket that is always late.
// Units: samples at 48 kHz; times in ms of the page's clock.
/** @import {RtpGate, RtpReport} from './types' */

/** Samples in a millisecond. */
const PER_MS = 48;
/** Between two reports. */
const REPORT_MS = 50;
/** The line stood still: longer than any ordinary jitter buffer is refilled in. */
const STALL_MS = 300;
/** A packet. What is known of the newest one is its beginning; nothing behind its end was given out. */
const PACKET_MS = 20;
/**
 * A segment told so late is let in as it is: places are known to a packet, and two of a syllable's beginning are less of a
 * loss than the way there and back in silence, which it costs to have it sent again.
 */
const LATE_MS = 2 * PACKET_MS;
/** So often in a row sound that went by before it was told is asked for again. */
const ASKS_MAX = 2;
/** Ramp of the gate, in and out, so that nothing clicks. */
const FADE_MS = 10;
/** Segments that are remembered: more than are ever on the way. */
const SEGMENTS_MAX = 8;
/** RTP times wrap. */
const WRAP = 2 ** 32;

/** @typedef {{turn: number, firstSample: number, rtp: number}} Segment */

export class RtpVoice {
  /** Segments that are not over, oldest first; at most a few. @type {Segment[]} */ #segments = [];
  /** @type {{rtp: number, at: number} | null} */ #source = null;
  /** When the page looked last. */ #lookedAt = 0;
  /** @type {Map<number, number>} */ #reported = new Map();
  /** Why the gate is shut. @type {'' | 'paused' | 'flushed' | 'stalled'} */ #shut = '';
  /** The turn that is silent until its resume. */ #paused = -1;
  /** The newest turn that was flushed. The numbers of a voice's turns rise: nothing up to it is heard any more. */ #flushed = -1;
  /** Segments in a row that were told too late. */ #asks = 0;
  #speaks = false;
  #reportAt = 0;
  /** From the track to the ear, in ms. */
  latency = 0;

  /**
   * @param {(gate: RtpGate) => void} setGate
   * @param {(report: RtpReport) => void} tell
   */
  constructor(setGate, tell) {
    this.setGate = setGate;
    this.tell = tell;
  }

  /** Whether a turn is on. */
  get isSpeaking() {
    return this.#speaks;
  }

  /** Whether a turn of this number comes by this way. @param {number} turn */
  has(turn) {
    return this.#segments.some((segment) => segment.turn === turn);
  }

  /**
   * The server tells a place. A gate that is shut opens there.
   * @param {number} turn @param {number} firstSample @param {number} rtp @param {number} now
   */
  segment(turn, firstSample, rtp, now) {
    if (turn === this.#paused || turn <= this.#flushed) return;
    // Behind a shut gate nothing was heard: what came before this segment is no place any more.
    if (this.#shut !== '') this.#segments = [];
    this.#segments.push({ turn, firstSample, rtp });
    if (this.#segments.length > SEGMENTS_MAX) this.#segments.shift();
    this.#speaks = true;
    if (this.#shut === '') return;
    const inMs = this.#untilRtp(rtp, now);
    if (inMs < -LATE_MS && this.#asks < ASKS_MAX) {
      this.#asks += 1;
      this.#stall(turn, firstSample, now);
      return;
    }
    // Of a voice that is late for good what went by is given up, or it would never be let in. No report can tell of a hole:
    // places go on where the sound is.
    if (inMs >= -LATE_MS) this.#asks = 0;
    this.#shut = '';
    this.setGate({ open: true, inMs: Math.max(0, inMs), fadeMs: FADE_MS });
  }

  /**
   * The browser gave out the packet of this RTP time at `at`, and none since.
   * @param {number} rtp @param {number} at @param {number} now
   */
  source(rtp, at, now) {
    const before = this.#source;
    if (before && distance(rtp, before.rtp) <= 0) return;
    this.#source = { rtp, at };
    // The track's time goes on through a hole as it does through sound. That the page saw nothing for a while tells nothing,
    // since it may have been busy: only when it looked and found this one still the newest did the line stand still.
    if (before && this.#lookedAt - before.at > STALL_MS && this.#speaks && this.#shut === '') {
      const lost = this.#firstUnheard(before.rtp, rtp);
      if (lost) this.#stall(lost.turn, lost.place, now);
    }
    // A segment is over when a later one has begun.
    while (this.#segments.length > 1 && distance(rtp, this.#segments[1].rtp) >= 0) this.#segments.shift();
  }

  /** Every few ms, after the browser was asked: reports. @param {number} now */
  tick(now) {
    this.#lookedAt = now;
    if (now >= this.#reportAt) this.report(now);
  }

  /** Tells what was heard until now. @param {number} now */
  report(now) {
    const heard = this.#speaks ? this.#heardAt(now) : null;
    if (!heard) return;
    this.#reportAt = now + REPORT_MS;
    this.#report(heard.turn, heard.place, now, {});
  }

  /** @param {number} turn @param {number} now */
  pause(turn, now) {
    this.#paused = turn;
    const heard = this.#heardAt(now);
    if (this.#shut !== 'flushed') this.#shutNow('paused');
    if (heard?.turn === turn) this.#report(turn, heard.place, now, {});
  }

  /** The turn's next segment is heard again. @param {number} turn */
  resume(turn) {
    if (this.#paused === turn) this.#paused = -1;
  }

  /** Answers with the last sample heard, if the turn comes by this way. @param {number} turn @param {number} now */
  flush(turn, now) {
    this.#flushed = Math.max(this.#flushed, turn);
    const heard = this.#heardAt(now);
    this.#shutNow('flushed');
    if (!this.has(turn)) return;
    this.#report(turn, heard?.turn === turn ? heard.place : 0, now, { flushed: true });
    this.#segments = this.#segments.filter((segment) => segment.turn !== turn);
    this.#reported.delete(turn);
    this.#speaks = this.#segments.length > 0;
  }

  /** The speaker's turn is over: nothing more is reported until the next one. */
  rest() {
    this.#speaks = false;
  }

  /** @param {'paused' | 'flushed' | 'stalled'} why */
  #shutNow(why) {
    this.#shut = why;
    this.setGate({ open: false, inMs: 0, fadeMs: FADE_MS });
  }

  /**
   * From this place on the turn went by unheard: silent until the server has sent it again.
   * @param {number} turn @param {number} place @param {number} now
   */
  #stall(turn, place, now) {
    this.#shutNow('stalled');
    this.#report(turn, place, now, { stalled: true });
  }

  /**
   * Of the turn that is on at `rtp`: its first unheard place where the packet of `last` was the last one given out.
   * @param {number} last RTP time. @param {number} rtp RTP time.
   */
  #firstUnheard(last, rtp) {
    const turn = this.#placeAt(rtp)?.turn;
    const first = this.#segments.find((segment) => segment.turn === turn);
    if (turn === undefined || !first) return null;
    const heard = this.#placeAt(last);
    return { turn, place: heard?.turn === turn ? heard.place + PACKET_MS * PER_MS : first.firstSample };
  }

  /** What is heard at `now`. @param {number} now */
  #heardAt(now) {
    if (!this.#source || this.#shut !== '') return null;
    const since = Math.min(now - this.latency - this.#source.at, PACKET_MS);
    return this.#placeAt(this.#source.rtp + Math.round(since * PER_MS));
  }

  /** Turn and place of an RTP time. @param {number} rtp */
  #placeAt(rtp) {
    for (let index = this.#segments.length - 1; index >= 0; index--) {
      const { turn, firstSample, rtp: begins } = this.#segments[index];
      const into = distance(rtp, begins);
      if (into >= 0) return { turn, place: firstSample + into };
    }
    return null;
  }

  /** Ms until the packet of this RTP time is given out. @param {number} rtp @param {number} now */
  #untilRtp(rtp, now) {
    if (!this.#source) return 0;
    return distance(rtp, this.#source.rtp) / PER_MS - (now - this.#source.at);
  }

  /** @param {number} turn @param {number} place @param {number} now @param {{flushed?: boolean, stalled?: boolean}} more */
  #report(turn, place, now, { flushed = false, stalled = false }) {
    const played = Math.max(Math.round(place), this.#reported.get(turn) ?? 0);
    this.#reported.set(turn, played);
    if (this.#reported.size > 8) this.#reported.delete(this.#reported.keys().next().value ?? turn);
    this.tell({ turn, played, at: now, flushed, stalled });
  }
}

/** How much later one RTP time is than another; negative if earlier. @param {number} later @param {number} earlier */
function distance(later, earlier) {
  const ahead = (((later - earlier) % WRAP) + WRAP) % WRAP;
  return ahead < WRAP / 2 ? ahead : ahead - WRAP;
}
