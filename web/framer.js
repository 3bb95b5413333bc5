// Cuts the microphone's render quanta into numbered 20 ms frames of 16-bit samples.
//
// Pure: the worklet hands in the quantum and its frame number. The counter is the audio context's own frame number
// since capture began, so it runs on while muted and while the track gives nothing, and a hole in rendering shows
// as a hole in the numbers.
import { HEADER_BYTES } from './protocol.js';

/** Length of a frame: what the server prefers. */
const FRAME_MS = 20;

/** @typedef {{first: number, muted: boolean, level: number, buffer: ArrayBuffer}} CapturedFrame */

export class Framer {
  /** @param {number} rate Of the audio context, in Hz. */
  constructor(rate) {
    this.frameSamples = Math.round((rate * FRAME_MS) / 1000);
    this.muted = false;
    /** Frame number of the context at the first sample; `null` before it. @type {number | null} */
    this.origin = null;
    this.expected = 0;
    this.first = 0;
    this.filled = 0;
    this.energy = 0;
    this.silenced = false;
    this.buffer = new ArrayBuffer(0);
    this.samples = new Int16Array(0);
    this.#begin(0);
  }

  /**
   * Takes one quantum that begins at context frame `frame`.
   * @param {Float32Array | undefined} quantum Mono; absent while the track has no channel.
   * @param {number} frame
   * @param {number} length Samples of the quantum.
   * @returns {CapturedFrame[]} Frames that became full, oldest first.
   */
  push(quantum, frame, length) {
    this.origin ??= frame;
    const place = frame - this.origin;
    /** @type {CapturedFrame[]} */
    const full = [];
    if (place !== this.expected) {
      // The context rendered without us. What was begun goes out short, so that no sample gets a wrong number.
      if (this.filled > 0) full.push(this.#close());
      this.#begin(place);
    }
    for (let i = 0; i < length; i++) {
      if (this.muted) this.silenced = true;
      const sample = Math.max(-1, Math.min(1, quantum?.[i] ?? 0));
      this.energy += sample * sample;
      this.samples[this.filled++] = Math.round(sample * 32_767);
      if (this.filled === this.frameSamples) {
        full.push(this.#close());
        this.#begin(place + i + 1);
      }
    }
    this.expected = place + length;
    return full;
  }

  /** @param {number} first */
  #begin(first) {
    this.first = first;
    this.filled = 0;
    this.energy = 0;
    this.silenced = false;
    // The header's place is kept free: the page writes it without copying the samples.
    this.buffer = new ArrayBuffer(HEADER_BYTES + this.frameSamples * 2);
    // Every platform that runs a browser is little-endian, as the wire is.
    this.samples = new Int16Array(this.buffer, HEADER_BYTES);
  }

  /** @returns {CapturedFrame} */
  #close() {
    // A frame that was muted anywhere is silent everywhere: what was said just before the key is not sent either.
    if (this.silenced) this.samples.fill(0);
    return {
      first: this.first,
      muted: this.silenced,
      level: this.silenced ? 0 : Math.sqrt(this.energy / Math.max(1, this.filled)),
      buffer: this.buffer.slice(0, HEADER_BYTES + this.filled * 2),
    };
  }
}
