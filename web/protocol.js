// The wire's binary frames and text, and nothing else. docs/protocol.md is the full text.
//
// Units: `captureSample` counts samples of the sender's rate; `firstSample` counts samples of a turn at 48 kHz.
/** @import {AiFrame, ServerMessage} from './types' */

/** Rate of every AI frame, in Hz. */
export const AI_RATE = 48_000;

/** Rates the server takes from a host, in Hz. */
export const HOST_RATES = [16_000, 24_000, 44_100, 48_000];

/** Bytes before the samples of every binary frame. */
export const HEADER_BYTES = 16;

const KIND_HOST_PCM = 1;
const KIND_HOST_OPUS = 2;
const KIND_AI_PCM = 16;
const FLAG_MUTED = 1;

/**
 * Writes the header of a host frame into the first 16 bytes of `buffer`, whose sound is already in place behind it.
 * @param {ArrayBuffer} buffer
 * @param {{sequence: number, captureSample: number, muted: boolean, isOpus: boolean}} header
 */
export function writeHostHeader(buffer, { sequence, captureSample, muted, isOpus }) {
  const view = new DataView(buffer);
  view.setUint8(0, isOpus ? KIND_HOST_OPUS : KIND_HOST_PCM);
  view.setUint8(1, muted ? FLAG_MUTED : 0);
  view.setUint16(2, 0);
  view.setUint32(4, sequence % 2 ** 32, true);
  view.setBigUint64(8, BigInt(captureSample), true);
}

/**
 * Reads a frame of an AI's voice.
 * @param {ArrayBuffer} buffer
 * @returns {AiFrame | null} `null` for every other kind: later versions may send more than this page knows.
 */
export function readAiFrame(buffer) {
  if (buffer.byteLength < HEADER_BYTES || (buffer.byteLength - HEADER_BYTES) % 2 !== 0) return null;
  const view = new DataView(buffer);
  const speaker = view.getUint8(1) === 1 ? 'claude' : view.getUint8(1) === 2 ? 'guest' : null;
  if (view.getUint8(0) !== KIND_AI_PCM || speaker === null) return null;
  return {
    speaker,
    turn: view.getUint32(4, true),
    firstSample: Number(view.getBigUint64(8, true)),
    pcm: buffer.slice(HEADER_BYTES),
  };
}

/**
 * Reads a text frame.
 * @param {string} text
 * @returns {ServerMessage | null} `null` when it is no message: the page goes on with the next one.
 */
export function readServerMessage(text) {
  try {
    const message = JSON.parse(text);
    return typeof message?.type === 'string' ? message : null;
  } catch {
    return null;
  }
}
