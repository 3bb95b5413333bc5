// Opens the microphone and both voices on one audio context, which is the page's only clock.
import { askMicrophone, Capture } from './capture.js';
import { Playback, PREFERRED_RATE } from './playback.js';
import { useSink } from './lobby.js';
import { HOST_RATES } from './protocol.js';
/** @import {AiSpeaker, PositionReport} from './types' */

/**
 * @typedef {object} AudioEvents
 * @property {(frame: {buffer: ArrayBuffer, first: number, muted: boolean}) => void} onFrame
 * @property {(speaker: AiSpeaker, report: PositionReport) => void} onPosition
 */

/** @typedef {{context: AudioContext, capture: Capture, playback: Playback, close: () => void}} Audio */

/** Whether this browser has what the studio is built on; a page that is not from localhost or https has not. */
export function isSupported() {
  return 'AudioWorkletNode' in globalThis && Boolean(navigator.mediaDevices?.getUserMedia);
}

/**
 * Must be called inside a gesture: browsers let no context sound otherwise.
 * @param {{hasHeadphones: boolean, deviceId: string, sinkId: string}} devices
 * @param {AudioEvents} events
 * @returns {Promise<Audio>}
 * @throws Whatever `getUserMedia` throws; `startFailure` has the words.
 */
export async function openAudio({ hasHeadphones, deviceId, sinkId }, events) {
  // Without this wish a machine's default of 44.1 kHz would be taken and every sample resampled.
  let context = new AudioContext({ sampleRate: PREFERRED_RATE, latencyHint: 'interactive' });
  void context.resume();
  /** @type {MediaStream | undefined} */
  let stream;
  try {
    stream = await askMicrophone(hasHeadphones, deviceId);
    context = await contextFor(context, stream);
    await Promise.all(['capture', 'playback'].map((name) => context.audioWorklet.addModule(`/${name}-worklet.js`)));
    await context.resume();
    await useSink(context, sinkId);
    const capture = new Capture(context, stream, events.onFrame);
    const playback = new Playback(context, events.onPosition);
    const close = () => {
      capture.close();
      playback.close();
      void context.close();
    };
    return { context, capture, playback, close };
  } catch (error) {
    for (const track of stream?.getTracks() ?? []) track.stop();
    void context.close();
    throw error;
  }
}

/**
 * The context itself where it can read this stream. Firefox refuses a microphone of another rate than the context's
 * (its bug 1674892); a context of the microphone's own rate takes its place, and the server is told that rate.
 * @param {AudioContext} context
 * @param {MediaStream} stream
 */
async function contextFor(context, stream) {
  try {
    context.createMediaStreamSource(stream).disconnect();
    return context;
  } catch {
    await context.close();
    const rate = stream.getAudioTracks()[0]?.getSettings().sampleRate;
    const own = new AudioContext(rate && HOST_RATES.includes(rate) ? { sampleRate: rate } : {});
    if (HOST_RATES.includes(own.sampleRate)) return own;
    await own.close();
    throw new Error(`the microphone runs at ${rate ?? own.sampleRate} Hz, which the studio does not take`);
  }
}
