// Opens the microphone and both voices on one audio context, which is the page's only clock.
import { askOrInstead, Capture } from './capture.js';
import { Loudspeaker } from './loudspeaker.js';
import { Playback, PREFERRED_RATE } from './playback.js';
import { HOST_RATES } from './protocol.js';
/** @import {AiSpeaker, PositionReport} from './types' */

/**
 * @typedef {object} AudioEvents
 * @property {(frame: {buffer: ArrayBuffer, first: number, muted: boolean}) => void} onFrame
 * @property {(speaker: AiSpeaker, report: PositionReport) => void} onPosition
 * @property {(sentence: string) => void} say
 */

/**
 * What was asked for: `sampleRate` is that of a session that goes on, which keeps the rate it began with.
 * @typedef {{hasHeadphones: boolean, deviceId: string, sinkId: string, sampleRate?: number}} Devices
 */

/**
 * `deviceId` and `hasHeadphones` are of the microphone that was got.
 * @typedef {{context: AudioContext, capture: Capture, playback: Playback, loudspeaker: Loudspeaker, deviceId: string,
 *   hasHeadphones: boolean, close: () => void}} Audio
 */

/** Whether this browser has what the studio is built on; a page that is not from localhost or https has not. */
export function isSupported() {
  return 'AudioWorkletNode' in globalThis && Boolean(navigator.mediaDevices?.getUserMedia);
}

/**
 * Must be called inside a gesture: browsers let no context sound otherwise.
 * @param {Devices} devices
 * @param {AudioEvents} events
 * @returns {Promise<Audio>}
 * @throws Whatever `getUserMedia` throws; `startFailure` has the words.
 */
export async function openAudio({ hasHeadphones, deviceId, sinkId, sampleRate }, events) {
  // Without this wish a machine's default of 44.1 kHz would be taken and every sample resampled.
  let context = new AudioContext({ sampleRate: sampleRate ?? PREFERRED_RATE, latencyHint: 'interactive' });
  void context.resume();
  /** @type {MediaStream | undefined} */
  let stream;
  try {
    const found = await askOrInstead(hasHeadphones, deviceId);
    stream = found.stream;
    context = await contextFor(context, stream, sampleRate);
    await Promise.all(['capture', 'playback'].map((name) => context.audioWorklet.addModule(`/${name}-worklet.js`)));
    await context.resume();
    const loudspeaker = new Loudspeaker(context, loudspeakers, events.say);
    await loudspeaker.choose(sinkId);
    const capture = new Capture(context, stream, events.onFrame);
    const playback = new Playback(context, events.onPosition);
    const close = () => {
      loudspeaker.close();
      capture.close();
      playback.close();
      void context.close();
    };
    if (found.deviceId !== deviceId) events.say(`The chosen microphone is gone. You are heard through “${stream.getAudioTracks()[0]?.label || 'the system’s choice'}” now.`);
    return { context, capture, playback, loudspeaker, deviceId: found.deviceId, hasHeadphones: found.hasHeadphones, close };
  } catch (error) {
    for (const track of stream?.getTracks() ?? []) track.stop();
    if (context.state !== 'closed') void context.close();
    throw error;
  }
}

const loudspeakers = async () => (await navigator.mediaDevices.enumerateDevices())
  .filter(({ kind, deviceId }) => kind === 'audiooutput' && deviceId).map(({ deviceId }) => deviceId);

/**
 * The context itself where it can read this stream. Firefox refuses a microphone of another rate than the context's
 * (its bug 1674892); a context of the microphone's own rate takes its place, and the server is told that rate.
 * @param {AudioContext} context
 * @param {MediaStream} stream
 * @param {number} [kept] The rate of a session that goes on: there is no other for it.
 */
async function contextFor(context, stream, kept) {
  try {
    context.createMediaStreamSource(stream).disconnect();
    return context;
  } catch {
    await context.close();
    const rate = stream.getAudioTracks()[0]?.getSettings().sampleRate;
    const own = new AudioContext(rate && HOST_RATES.includes(rate) ? { sampleRate: rate } : {});
    if (HOST_RATES.includes(own.sampleRate) && (kept === undefined || own.sampleRate === kept)) return own;
    await own.close();
    if (kept !== undefined) throw new Error(`the microphone runs at ${rate ?? own.sampleRate} Hz, and this session at ${kept}`);
    throw new Error(`the microphone runs at ${rate ?? own.sampleRate} Hz, which the studio does not take`);
  }
}
