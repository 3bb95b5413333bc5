// One AI's voice that comes by WebRTC: where it has got to, and when it may be heard.
//
// Pure: no clock, no audio graph. The browser tells which RTP time it gave out and when (`source`), the server tells
// which sample of which turn has which RTP time (`segment`); the track never stops, so a position is a subtraction.
// The browser holds sound that cannot be taken back. So a voice that must fall silent is shut by a gate at once, and
// the gate opens at the RTP time of the next segment: what the browser held meanwhile is played behind it, unheard.
//
// Invariants: reported positions of a turn never go back; nothing is heard of a turn after its flush; sound that was
// sent while the line was dead is reported as unheard, once.
// Units: samples at 48 kHz; times in ms of the page's clock.
/** @import {RtpGate, RtpReport} from './types' */

/** Samples in a millisecond. */
const PER_MS = 48;
/** Between two reports. */
const REPORT_MS = 50;
/** The line stood still: longer than any ordinary jitter buffer is refilled in. */
const STALL_MS = 300;
/** The newest RTP time is extended by no more than this: what follows must have been given out, too. */
const EXTEND_MS = 60;
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
  /** @type {Map<number, number>} */ #reported = new Map();
  /** Why the gate is shut. @type {'' | 'paused' | 'flushed' | 'stalled'} */ #shut = '';
  #speaks = false;
  #reportAt = 0;
  /** From the track to the ear, in ms. */
  latency = 0;
  stalls = 0;

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
    // Behind a shut gate nothing was heard: what came before this segment is no place any more.
    if (this.#shut !== '') this.#segments = [];
    this.#segments.push({ turn, firstSample, rtp });
    if (this.#segments.length > SEGMENTS_MAX) this.#segments.shift();
    this.#speaks = true;
    if (this.#shut === '') return;
    this.#shut = '';
    this.setGate({ open: true, inMs: Math.max(0, this.#untilRtp(rtp, now)), fadeMs: FADE_MS });
  }

  /**
   * The browser gave out the packet of this RTP time at `at`.
   * @param {number} rtp @param {number} at @param {number} now
   */
  source(rtp, at, now) {
    const before = this.#source;
    if (before && distance(rtp, before.rtp) <= 0) return;
    const stoodStill = before ? at - before.at : 0;
    const last = before && this.#placeAt(before.rtp);
    if (last && stoodStill > STALL_MS && this.#speaks && this.#shut === '') {
      // What was sent meanwhile went by unheard. Up to `last` and the packet after it, it was heard.
      this.stalls += 1;
      this.#shut = 'stalled';
      this.setGate({ open: false, inMs: 0, fadeMs: FADE_MS });
      this.#report(last.turn, last.place + 20 * PER_MS, now, { stalled: true });
    }
    this.#source = { rtp, at };
    // A segment is over when a later one has begun.
    while (this.#segments.length > 1 && distance(rtp, this.#segments[1].rtp) >= 0) this.#segments.shift();
  }

  /** Every few ms: reports. @param {number} now */
  tick(now) {
    if (!this.#speaks || this.#shut !== '' || now < this.#reportAt) return;
    const heard = this.#heardAt(now);
    if (!heard) return;
    this.#reportAt = now + REPORT_MS;
    this.#report(heard.turn, heard.place, now, {});
  }

  /** @param {number} turn @param {number} now */
  pause(turn, now) {
    if (!this.has(turn) || this.#shut === 'flushed') return;
    const heard = this.#heardAt(now);
    this.#shutNow('paused');
    if (heard?.turn === turn) this.#report(turn, heard.place, now, {});
  }

  /** Answers with the last sample heard. @param {number} turn @param {number} now */
  flush(turn, now) {
    const heard = this.#shut === '' ? this.#heardAt(now) : null;
    this.#shutNow('flushed');
    const place = heard?.turn === turn ? heard.place : 0;
    this.#report(turn, place, now, { flushed: true });
    this.#segments = this.#segments.filter((segment) => segment.turn !== turn);
    this.#reported.delete(turn);
    this.#speaks = this.#segments.length > 0;
  }

  /** The speaker's turn is over: nothing more is reported until the next one. */
  rest() {
    this.#speaks = false;
  }

  /** @param {'paused' | 'flushed'} why */
  #shutNow(why) {
    this.#shut = why;
    this.setGate({ open: false, inMs: 0, fadeMs: FADE_MS });
  }

  /** What is heard at `now`. @param {number} now */
  #heardAt(now) {
    if (!this.#source) return null;
    const since = Math.min(now - this.#source.at, EXTEND_MS) - this.latency;
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
