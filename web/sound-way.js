// Which way the sound goes: the line by WebRTC, its panel, and what both need of the page. The page hooks in here only.
import { SoundPanel } from './sound-panel.js';
import { SoundLine } from './webrtc.js';
/** @import {ClientMessage, ServerMessage} from './types' */

/** Samples of the page's own clock in a millisecond: the unit in which reports are timed. */
const CLOCK_PER_MS = 48;

export class SoundWay {
  /** @type {SoundLine | null} */ #line = null;

  /**
   * @param {HTMLElement} root Where state and switch are shown; is filled.
   * @param {(message: ClientMessage) => void} send
   */
  constructor(root, send) {
    this.send = send;
    this.panel = new SoundPanel(root, (wantsWebRtc) => this.#line?.choose(wantsWebRtc));
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
    this.#line.choose(this.panel.wantsWebRtc);
  }

  /** @param {ServerMessage} message @returns {boolean} Whether it was for this way alone. */
  take(message) {
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
  }
}
