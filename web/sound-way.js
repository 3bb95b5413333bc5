// Which way the sound goes: the line by WebRTC, the socket with Opus or PCM, the panel, and what they need of the page.
// The page hooks in here only.
import { canEncodeOpus, OpusCapture } from './opus-capture.js';
import { SoundPanel } from './sound-panel.js';
import { SoundLine } from './webrtc.js';
/** @import {ClientMessage, HostFrame, ServerMessage, SoundChoice} from './types' */

/** Samples of the page's own clock in a millisecond: the unit in which reports are timed. */
const CLOCK_PER_MS = 48;

export class SoundWay {
  /** @type {SoundLine | null} */ #line = null;
  #canEncode = false;
  /** Whether the server takes Opus from this page. */
  #isTaken = false;

  /**
   * @param {HTMLElement} root Where state and switch are shown; is filled.
   * @param {(message: ClientMessage) => void} send
   * @param {(frame: HostFrame) => void} sendAudio
   */
  constructor(root, send, sendAudio) {
    this.send = send;
    this.sendAudio = sendAudio;
    this.opus = new OpusCapture((frame) => { if (!this.isUp) sendAudio(frame); });
    this.panel = new SoundPanel(root, (choice) => this.#choose(choice));
  }

  /** A frame of the microphone: sent over the socket unless WebRTC carries the sound. @param {HostFrame} frame */
  hear(frame) {
    if (this.isUp) return;
    if (this.#isOpus && this.opus.push(frame)) return;
    // What is still in the encoder would come behind this.
    this.opus.close();
    this.sendAudio(frame);
  }

  /** What WebRTC says of itself, while it carries the sound. */
  get quality() {
    return this.panel.quality;
  }

  get #isOpus() {
    return this.panel.choice !== 'socket' && this.#canEncode && this.#isTaken && !this.opus.hasFailed;
  }

  /** @param {SoundChoice} choice */
  #choose(choice) {
    this.#line?.choose(choice === 'auto' || choice === 'webrtc', choice === 'webrtc');
    this.panel.showCodec(this.#isOpus);
  }

  /** Whether the host's sound goes by WebRTC: the socket then carries none. */
  get isUp() {
    return this.#line?.isUp ?? false;
  }

  /** @param {AudioContext} context @param {MediaStream} microphone */
  open(context, microphone) {
    this.close();
    this.#line = new SoundLine(context, microphone, {
      send: this.send,
      onReport: (speaker, { turn, played, at, flushed, stalled }) => this.send({
        type: 'client.playout', speaker, turn, playedSamples: played, flushed, stalled,
        clock: { at: Math.floor(at * CLOCK_PER_MS), sent: Math.floor(performance.now() * CLOCK_PER_MS) },
      }),
      onState: (state) => this.panel.showState(state),
      onQuality: (quality) => this.panel.showQuality(quality),
    });
    this.#choose(this.panel.choice);
    void canEncodeOpus(context.sampleRate).then((can) => {
      this.#canEncode = can;
      this.panel.showCodec(this.#isOpus);
    });
  }

  /** Another microphone, in mid-session. @param {MediaStream} microphone */
  async use(microphone) {
    await this.#line?.use(microphone);
  }

  /** @param {ServerMessage} message @returns {boolean} Whether it was for this way alone. */
  take(message) {
    if (message.type === 'session.ready') {
      this.#isTaken = message.hostCodecs?.includes('opus') ?? false;
      this.panel.showCodec(this.#isOpus);
    }
    return this.#line?.take(message) ?? false;
  }

  levels() {
    return this.#line?.levels() ?? { claude: 0, guest: 0 };
  }

  /** The socket is gone; the next one offers anew. */
  drop() {
    this.#line?.drop();
  }

  close() {
    this.#line?.drop();
    this.#line = null;
    this.opus.close();
  }
}
