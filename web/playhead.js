// Where one AI's voice has got to, and what reaches the loudspeaker next.
//
// Pure: no clock and no port. `render(output, frame)` is called for every quantum with the audio context's frame
// number; that number is the only time there is.
//
// Two positions are kept apart. *Rendered* is the next sample of the turn to be written; *heard* is the sample that
// leaves the loudspeaker now, which is what was rendered `latency` ago. A short history of (frame, rendered) pairs
// answers it exactly, also across pauses and underruns. The capture worklet counts the frames of the same context,
// so a reported frame number is the capture counter too, less the frame at which capture began.
//
// Invariants: reported positions of a turn never go back; a flushed turn is never heard again; what was received in
// time is played to the sample, apart from fades.
// Units: places are samples of the turn at 48 kHz; frames are frames of the audio context.
import { AI_RATE } from './protocol.js';
import { RING_SAMPLES, Turn } from './turn.js';
/** @import {PlaybackCommand, PlaybackReport} from './types' */

/** Queued before the first sound: three frames of 20 ms, enough against the 10 ms bursts browsers render in. */
const CUSHION_MS = 60;
/** Added to the cushion by every underrun, and where that ends: below the server's credit of 200 ms. */
const CUSHION_STEP_MS = 20;
const CUSHION_MS_MAX = 160;
/** Less than a cushion is played when nothing more came for so long: it is the end of a turn. */
const QUIET_MS = 60;
/** Longest fade of a pause or flush, so that silence comes within 25 ms of the order. */
const FADE_MS_MAX = 10;
/** Ramp into sound after a pause or an underrun, and out of a cliff. */
const RAMP_MS = 5;
/** Between two reports. */
const REPORT_MS = 50;
/** Flushed turns that are remembered. Turn numbers rise, and nothing this old is still on the way. */
const FLUSHED_MAX = 64;

export class Playhead {
  /** @type {Turn | null} */ #turn = null;
  /** A turn that waits until the one before it is played. @type {Turn | null} */ #next = null;
  #rings = [new Float32Array(RING_SAMPLES), new Float32Array(RING_SAMPLES)];
  /** @type {number[]} */ #flushed = [];
  /** The newest turn that was left behind; what comes for it or for older ones is late. */ #over = -1;
  #latency = 0;
  #cushion = CUSHION_MS;
  #gain = 1;
  #gainTarget = 1;
  #gainStep = 0;
  #fade = 1;
  #fadeTarget = 1;
  #fadeStep = 0;
  #last = 0;
  #tail = 0;
  #tailLeft = 0;
  #reportAt = 0;
  #energy = 0;
  #energyFrames = 0;
  #level = 0;
  /** Samples that came twice, after their turn, or with no room. */
  dropped = 0;
  /** Blocks that came, those of them that should have sounded before they came, and times the voice ran dry. */
  counts = { blocks: 0, lateBlocks: 0, underruns: 0 };
  #toldCounts = '';

  /**
   * @param {number} rate Of the audio context, in Hz.
   * @param {(report: PlaybackReport) => void} tell
   */
  constructor(rate, tell) {
    this.rate = rate;
    this.step = AI_RATE / rate;
    this.tell = tell;
  }

  /**
   * @param {PlaybackCommand} command
   * @param {number} frame Now.
   */
  obey(command, frame) {
    switch (command.type) {
      case 'frame': return this.#receive(command.turn, command.firstSample, new Int16Array(command.pcm), frame);
      case 'latency': this.#latency = Math.max(0, command.seconds) * this.rate; return;
      case 'audio.duck': return this.#duck(command.turn, command.gainDb, command.fadeMs);
      case 'audio.pause': return this.#pause(command.turn, command.fadeMs, frame);
      case 'audio.resume': return this.#resume(command.turn, command.fromSample, frame);
      case 'audio.flush': return this.#flush(command.turn, command.fadeMs, frame);
    }
  }

  /**
   * Writes the next quantum, which begins at context frame `frame`.
   * @param {Float32Array} output Mono, zeroed.
   * @param {number} frame
   */
  render(output, frame) {
    this.#takeOver(frame);
    const turn = this.#turn;
    // The first sound is played as it is; a voice that comes back from a gap is let in gently.
    if (turn?.state === 'waiting' && this.#isReady(turn, frame)) this.#play(turn, frame, turn.begun ? 0 : 1);
    for (let i = 0; i < output.length; i++) {
      this.#gain = approach(this.#gain, this.#gainTarget, this.#gainStep);
      let sample = 0;
      if (turn && (turn.state === 'playing' || turn.state === 'fading')) {
        this.#fade = approach(this.#fade, this.#fadeTarget, this.#fadeStep);
        if (turn.state === 'fading' && this.#fade === 0) {
          this.#settle(turn, frame + i);
        } else if (turn.at >= turn.end) {
          this.#runDry(turn, frame + i);
        } else {
          sample = this.#read(turn) * this.#gain * this.#fade;
          turn.at = Math.min(turn.at + this.step, turn.end);
          this.#last = sample;
        }
      }
      if (this.#tailLeft > 0) {
        sample += (this.#tail * this.#tailLeft) / this.#samples(RAMP_MS);
        this.#tailLeft -= 1;
      }
      output[i] = sample;
      this.#energy += sample * sample;
    }
    const now = frame + output.length;
    if (this.#turn?.begun) this.#turn.note(now);
    this.#energyFrames += output.length;
    this.#reportIfDue(now);
  }

  // ── Orders ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param {number} number @param {number} first @param {Int16Array} pcm @param {number} frame */
  #receive(number, first, pcm, frame) {
    const turn = this.#find(number, frame);
    const end = first + pcm.length;
    this.counts.blocks += 1;
    if (turn?.isDry && frame > turn.stoppedAt + (first - turn.at) / this.step) this.counts.lateBlocks += 1;
    if (turn?.begun && first < turn.at) turn.isAsked = true;
    if (!turn || end <= turn.at || end > turn.at + RING_SAMPLES / 2) {
      this.dropped += pcm.length;
      return;
    }
    // A hole that will never be filled is silence of its own length: what follows stays at its place.
    for (let place = turn.end; place < first; place++) turn.ring[place % RING_SAMPLES] = 0;
    for (let i = Math.max(0, Math.ceil(turn.at) - first); i < pcm.length; i++) {
      turn.ring[(first + i) % RING_SAMPLES] = pcm[i] / 32_768;
    }
    turn.end = Math.max(turn.end, end);
    turn.cameAt = frame;
  }

  /** @param {number} number @param {number} gainDb @param {number} fadeMs */
  #duck(number, gainDb, fadeMs) {
    if (this.#turn?.number !== number) return;
    this.#gainTarget = 10 ** (gainDb / 20);
    this.#gainStep = Math.abs(this.#gainTarget - this.#gain) / this.#samples(Math.max(1, fadeMs));
  }

  /** @param {number} number @param {number} fadeMs @param {number} frame */
  #pause(number, fadeMs, frame) {
    const turn = this.#find(number, frame);
    if (!turn || turn.state === 'paused' || turn.state === 'fading') return;
    if (turn.state === 'playing') return this.#fadeOut(turn, fadeMs, 'paused');
    turn.state = 'paused';
    // From here on it is silent because it was told to be.
    turn.isDry = false;
    turn.stoppedAt = frame;
    this.#report(turn, frame);
  }

  /** @param {number} number @param {number} fromSample @param {number} frame */
  #resume(number, fromSample, frame) {
    const turn = this.#find(number, frame);
    if (!turn || (turn.state === 'fading' && turn.after === 'flushed')) return;
    // What was played is not played again, however little of it the server knows: a report may have been lost.
    if (fromSample > turn.end) turn.start = turn.end = fromSample;
    turn.at = Math.max(fromSample, turn.at);
    turn.isAsked = true;
    // What comes now comes after an order, however long the voice had run dry before it.
    turn.isDry = false;
    if (turn.begun) turn.note(frame);
    const wasFading = turn.state === 'fading';
    turn.state = 'waiting';
    // What is there goes on at once; a cushion would be a second pause.
    if (turn.begun && turn.end > turn.at) this.#play(turn, frame, wasFading ? this.#fade : 0);
  }

  /** @param {number} number @param {number} fadeMs @param {number} frame */
  #flush(number, fadeMs, frame) {
    if (this.#flushed.includes(number)) return;
    const turn = [this.#turn, this.#next].find((candidate) => candidate?.number === number) ?? null;
    this.#flushed.push(number);
    if (this.#flushed.length > FLUSHED_MAX) this.#flushed.shift();
    if (turn?.state === 'fading') {
      turn.after = 'flushed';
    } else if (turn?.state === 'playing') {
      this.#fadeOut(turn, fadeMs, 'flushed');
    } else if (turn) {
      this.#drop(turn, frame);
    } else {
      this.tell({ type: 'position', turn: number, played: 0, frame, flushed: true });
    }
  }

  // ── Steps ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The turn of this number, made if it is newer than all others; `null` if it is over.
   * @param {number} number @param {number} frame
   */
  #find(number, frame) {
    if (number <= this.#over || this.#flushed.includes(number)) return null;
    if (this.#turn?.number === number) return this.#turn;
    if (this.#next?.number === number) return this.#next;
    const newest = this.#next ?? this.#turn;
    const ring = this.#rings.pop();
    if (!ring || (newest && number < newest.number)) {
      if (ring) this.#rings.push(ring);
      return null;
    }
    const turn = new Turn(number, ring);
    turn.cameAt = frame;
    if (this.#turn) this.#next = turn;
    else this.#enter(turn);
    return turn;
  }

  /** @param {Turn} turn */
  #enter(turn) {
    this.#turn = turn;
    this.#gain = this.#gainTarget = 1;
    // A turn that found its cushion too large gives a part of it back to the next.
    this.#cushion = Math.max(CUSHION_MS, this.#cushion - CUSHION_STEP_MS / 2);
  }

  /** Lets the waiting turn in when the one before it has nothing left. @param {number} frame */
  #takeOver(frame) {
    const [turn, next] = [this.#turn, this.#next];
    if (!turn || !next || turn.state !== 'waiting' || turn.at < turn.end) return;
    // Its last samples are in the device already; they are heard one latency after they were rendered.
    if (turn.reported < Math.floor(turn.at)) {
      this.#send(turn, turn.at, Math.max(frame, turn.stoppedAt + Math.round(this.#latency)), false);
    }
    this.#leave(turn);
  }

  /** @param {Turn} turn */
  #leave(turn) {
    turn.state = 'over';
    this.#rings.push(turn.ring);
    if (this.#next === turn) {
      // The turn before it still plays: only its own number is over, and `#flushed` knows that.
      this.#next = null;
      return;
    }
    this.#over = Math.max(this.#over, turn.number);
    const next = this.#next;
    this.#turn = this.#next = null;
    if (next) this.#enter(next);
  }

  /** @param {Turn} turn @param {number} frame */
  #isReady(turn, frame) {
    const queued = turn.end - turn.at;
    if (queued <= 0) return false;
    return queued >= (this.#cushion * AI_RATE) / 1000 || frame - turn.cameAt >= this.#samples(QUIET_MS);
  }

  /** @param {Turn} turn @param {number} frame @param {number} fade From 0, silent, to 1. */
  #play(turn, frame, fade) {
    if (turn.isDry) {
      this.counts.underruns += 1;
      this.#cushion = Math.min(CUSHION_MS_MAX, this.#cushion + CUSHION_STEP_MS);
    }
    turn.isDry = false;
    turn.state = 'playing';
    turn.begun = true;
    turn.note(frame);
    this.#fade = fade;
    this.#fadeTarget = 1;
    this.#fadeStep = 1 / this.#samples(RAMP_MS);
    this.#report(turn, frame);
  }

  /** @param {Turn} turn @param {number} fadeMs @param {'paused' | 'flushed'} after */
  #fadeOut(turn, fadeMs, after) {
    turn.state = 'fading';
    turn.after = after;
    this.#fadeTarget = 0;
    this.#fadeStep = 1 / this.#samples(Math.max(1, Math.min(fadeMs, FADE_MS_MAX)));
  }

  /** The fade is over. @param {Turn} turn @param {number} frame */
  #settle(turn, frame) {
    turn.stoppedAt = frame;
    turn.note(frame);
    if (turn.after === 'flushed') return this.#drop(turn, frame);
    turn.state = 'paused';
    this.#report(turn, frame);
  }

  /**
   * Forgets a flushed turn and says how much of it was played. All that was rendered will be heard, and nothing
   * after it: the answer need not wait for the device, it only carries the frame at which the last sample is heard.
   * @param {Turn} turn @param {number} frame
   */
  #drop(turn, frame) {
    const heardAt = turn.begun ? Math.max(frame, turn.stoppedAt + Math.round(this.#latency)) : frame;
    this.#send(turn, turn.begun ? turn.at : 0, heardAt, true);
    this.#leave(turn);
  }

  /** @param {Turn} turn @param {number} frame */
  #runDry(turn, frame) {
    turn.stoppedAt = frame;
    turn.note(frame);
    this.#tail = this.#last;
    this.#tailLeft = this.#samples(RAMP_MS);
    this.#last = 0;
    if (turn.state === 'fading') return this.#settle(turn, frame);
    // Whether this is the end or a hole is known only when something follows.
    turn.state = 'waiting';
    turn.isDry = true;
  }

  /** @param {Turn} turn */
  #read(turn) {
    if (Number.isInteger(turn.at)) return turn.ring[turn.at % RING_SAMPLES];
    // A context that is not at 48 kHz (Firefox follows some microphones): four-point Lagrange between neighbours.
    const place = Math.floor(turn.at);
    const f = turn.at - place;
    const at = (/** @type {number} */ offset) => {
      const index = place + offset;
      return index < 0 || index >= turn.end ? 0 : turn.ring[index % RING_SAMPLES];
    };
    return at(-1) * (-f * (f - 1) * (f - 2)) / 6 + at(0) * ((f + 1) * (f - 1) * (f - 2)) / 2
      + at(1) * (-(f + 1) * f * (f - 2)) / 2 + at(2) * ((f + 1) * f * (f - 1)) / 6;
  }

  // ── Reports ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param {number} now */
  #reportIfDue(now) {
    const turn = this.#turn;
    const isStopped = turn?.state === 'waiting' || turn?.state === 'paused';
    const isDue = now >= this.#reportAt;
    if (turn?.begun && (turn.isAsked || turn.reported < Math.floor(turn.at))) {
      // The last sample of a stretch is reported when it is heard, not at the next round.
      const isLast = isStopped && !turn.isAsked && now - this.#latency >= turn.stoppedAt;
      if (isDue || isLast) this.#report(turn, now);
    }
    if (!isDue) return;
    this.#reportAt = now + this.#samples(REPORT_MS);
    const level = Math.sqrt(this.#energy / Math.max(1, this.#energyFrames));
    this.#energy = this.#energyFrames = 0;
    if (level !== this.#level) this.tell({ type: 'level', level });
    this.#level = level;
    this.#tellCounts();
  }

  #tellCounts() {
    const counts = JSON.stringify(this.counts);
    if (counts !== this.#toldCounts) this.tell({ type: 'counts', ...this.counts });
    this.#toldCounts = counts;
  }

  /** @param {Turn} turn @param {number} frame */
  #report(turn, frame) {
    this.#send(turn, turn.renderedAt(frame - this.#latency), frame, false);
  }

  /** @param {Turn} turn @param {number} place @param {number} frame @param {boolean} flushed */
  #send(turn, place, frame, flushed) {
    turn.reported = Math.max(turn.reported, Math.floor(place));
    turn.isAsked = false;
    this.tell({ type: 'position', turn: turn.number, played: turn.reported, frame, flushed });
  }

  /** @param {number} ms */
  #samples(ms) {
    return Math.max(1, Math.round((ms * this.rate) / 1000));
  }
}

/** @param {number} value @param {number} target @param {number} step */
function approach(value, target, step) {
  if (value === target) return value;
  return value < target ? Math.min(target, value + step) : Math.max(target, value - step);
}
