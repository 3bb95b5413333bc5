// The microphone's frames as packets of Opus, where the browser has WebCodecs: a tenth of PCM's bytes on the socket.
//
// Frame in, packet out, one for one and in order: Opus is asked for packets of 20 ms and given exactly those. A frame of
// another length (the context rendered without us) begins the encoder anew, so no packet gets a wrong number.
import { HEADER_BYTES } from './protocol.js';
/** @import {HostFrame} from './types' */

/** The rate at which Opus counts; at another one PCM is sent. */
const RATE = 48_000;
/** 20 ms. */
const FRAME = 960;
const BITS_PER_SECOND = 48_000;
/** What libopus looks ahead where the encoder does not tell: 6.5 ms. */
const LOOKAHEAD = 312;
/** Frames that wait in the encoder: 200 ms. One that is stuck is given up, and PCM is sent. */
const WAITING_MAX = 10;

/** @type {AudioEncoderConfig} */
const CONFIG = {
  codec: 'opus', sampleRate: RATE, numberOfChannels: 1, bitrate: BITS_PER_SECOND,
  opus: { frameDuration: 20_000, complexity: 5 },
};

/** Whether this browser can, for a microphone of this rate. @param {number} rate */
export async function canEncodeOpus(rate) {
  if (rate !== RATE || !('AudioEncoder' in globalThis)) return false;
  try {
    return Boolean((await AudioEncoder.isConfigSupported(CONFIG)).supported);
  } catch {
    return false;
  }
}

export class OpusCapture {
  /** @type {AudioEncoder | null} */ #encoder = null;
  /** What the encoder was given and has not given back, oldest first. @type {{first: number, muted: boolean}[]} */ #given = [];
  #expected = -1;
  #lookahead = LOOKAHEAD;
  /** The encoder broke: PCM from then on. */
  hasFailed = false;

  /** @param {(frame: HostFrame) => void} onPacket */
  constructor(onPacket) {
    this.onPacket = onPacket;
  }

  /**
   * @param {HostFrame} frame PCM, 20 ms.
   * @returns {boolean} Whether it was taken; if not, it is to be sent as it is.
   */
  push({ buffer, first, muted }) {
    const samples = (buffer.byteLength - HEADER_BYTES) / 2;
    if (this.hasFailed || samples !== FRAME) return false;
    if (first !== this.#expected || !this.#encoder) this.#begin();
    this.#expected = first + FRAME;
    if (!this.#encoder || this.#given.length >= WAITING_MAX) return false;
    this.#given.push({ first, muted });
    const sound = new AudioData({
      format: 's16', sampleRate: RATE, numberOfFrames: FRAME, numberOfChannels: 1,
      timestamp: Math.round((first * 1e6) / RATE), data: new Int16Array(buffer, HEADER_BYTES),
    });
    this.#encoder.encode(sound);
    sound.close();
    return true;
  }

  close() {
    if (this.#encoder && this.#encoder.state !== 'closed') this.#encoder.close();
    this.#encoder = null;
    this.#given = [];
  }

  #begin() {
    this.close();
    const encoder = new AudioEncoder({
      output: (chunk, told) => { if (encoder === this.#encoder) this.#take(chunk, told); },
      error: () => { if (encoder === this.#encoder) this.hasFailed = true; },
    });
    this.#encoder = encoder;
    encoder.configure(CONFIG);
  }

  /** @param {EncodedAudioChunk} chunk @param {EncodedAudioChunkMetadata | undefined} told */
  #take(chunk, told) {
    this.#lookahead = lookaheadOf(told?.decoderConfig?.description) ?? this.#lookahead;
    const frame = this.#given.shift();
    if (!frame) return;
    // A decoder gives the sound out that much later than the encoder was given it.
    const first = frame.first - this.#lookahead;
    if (first < 0) return;
    const buffer = new ArrayBuffer(HEADER_BYTES + chunk.byteLength);
    chunk.copyTo(new Uint8Array(buffer, HEADER_BYTES));
    this.onPacket({ buffer, first, muted: frame.muted, isOpus: true });
  }
}

/** The pre-skip of an OpusHead (RFC 7845), if that is what was told. @param {AllowSharedBufferSource | undefined} head */
function lookaheadOf(head) {
  if (!head) return null;
  const bytes = ArrayBuffer.isView(head) ? new Uint8Array(head.buffer, head.byteOffset, head.byteLength) : new Uint8Array(head);
  const isHead = bytes.length >= 12 && String.fromCharCode(...bytes.subarray(0, 8)) === 'OpusHead';
  return isHead ? bytes[10] | (bytes[11] << 8) : null;
}
