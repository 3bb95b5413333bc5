// The microphone: constraints, the worklet that numbers its samples, and mute.
import { isMissing } from './failures.js';
/** @import {CaptureReport} from './types' */

/**
 * What is asked of the browser. Echo is cancelled only for loudspeakers, since it costs the voice its colour; noise
 * suppression and gain control never help a recording.
 * @param {boolean} hasHeadphones
 * @param {string} [deviceId] The empty one is the system's choice.
 * @returns {MediaStreamConstraints}
 */
export function constraints(hasHeadphones, deviceId) {
  return {
    audio: {
      ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
      channelCount: { ideal: 1 },
      sampleRate: { ideal: 48_000 },
      echoCancellation: !hasHeadphones,
      noiseSuppression: false,
      autoGainControl: false,
    },
  };
}

/**
 * @param {boolean} hasHeadphones @param {string} [deviceId]
 * @throws Whatever `getUserMedia` throws.
 */
export const askMicrophone = (hasHeadphones, deviceId) => navigator.mediaDevices.getUserMedia(constraints(hasHeadphones, deviceId));

/**
 * The microphone of before, or the system's choice where that one is gone: then with echo cancelled, for it may have been the
 * one of the headphones.
 * @param {boolean} hasHeadphones @param {string} deviceId
 * @param {(hasHeadphones: boolean, deviceId: string) => Promise<MediaStream>} [ask]
 * @returns {Promise<{stream: MediaStream, hasHeadphones: boolean, deviceId: string}>}
 * @throws Whatever `getUserMedia` throws.
 */
export async function askOrInstead(hasHeadphones, deviceId, ask = askMicrophone) {
  try {
    return { stream: await ask(hasHeadphones, deviceId), hasHeadphones, deviceId };
  } catch (error) {
    if (!deviceId || !isMissing(error)) throw error;
    return { stream: await ask(false, ''), hasHeadphones: false, deviceId: '' };
  }
}

export class Capture {
  /** Loudness, 0 to 1. */
  level = 0;
  /** Context frame of the first sample; `null` until the audio thread has begun. @type {number | null} */
  origin = null;

  /**
   * @param {AudioContext} context Whose worklet modules are loaded.
   * @param {MediaStream} stream
   * @param {(frame: {buffer: ArrayBuffer, first: number, muted: boolean}) => void} onFrame
   */
  constructor(context, stream, onFrame) {
    this.context = context;
    this.stream = stream;
    this.muted = false;
    // Both are kept: a browser may collect a source that nobody holds.
    this.source = context.createMediaStreamSource(stream);
    this.node = new AudioWorkletNode(context, 'studio-capture', {
      numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit',
    });
    this.node.port.onmessage = (/** @type {MessageEvent<CaptureReport>} */ { data }) => {
      if (data.type === 'started') {
        this.origin = data.frame;
        return;
      }
      this.level = data.level;
      onFrame(data);
    };
    this.source.connect(this.node);
  }

  /** @param {boolean} muted The counter runs on; samples are silence and carry the flag. */
  mute(muted) {
    this.muted = muted;
    this.node.port.postMessage({ muted });
    for (const track of this.stream.getAudioTracks()) track.enabled = !muted;
  }

  /**
   * Hears another microphone from now on. The worklet and its counter stay, so the numbers run on without a hole. The
   * tracks of the one before are left to the caller: a sender may still hold them.
   * @param {MediaStream} stream
   * @throws Firefox: a microphone of another rate than the context's. Nothing has changed then.
   */
  use(stream) {
    const source = this.context.createMediaStreamSource(stream);
    for (const track of stream.getAudioTracks()) track.enabled = !this.muted;
    this.source.disconnect();
    source.connect(this.node);
    this.source = source;
    this.stream = stream;
  }

  /**
   * The capture counter at a frame of the context: both count frames of one clock, so it is a subtraction.
   * @param {number} frame
   * @returns {number | undefined} Nothing before capture began.
   */
  counterAt(frame) {
    return this.origin === null || frame < this.origin ? undefined : frame - this.origin;
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop();
    this.source.disconnect();
    this.node.port.close();
  }
}
