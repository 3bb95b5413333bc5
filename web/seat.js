// The host's seat at the table: microphone, voices, the sound's way and the socket. They are opened together, and kept for
// as long as the session goes on; a lost connection is tried again by itself while the studio waits.
import { isSupported, openAudio } from './audio.js';
import { askMicrophone } from './capture.js';
import { startFailure, UNSUPPORTED } from './failures.js';
import { together } from './link.js';
import { LiveMicrophone, MICROPHONE_GONE } from './live-microphone.js';
import * as remember from './remember.js';
import { Session, socketUrl } from './session.js';
import { SoundWay } from './sound-way.js';
/** @import {Audio} from './audio.js' */
/** @import {Store} from './store.js' */
/** @import {AiSpeaker, ClientMessage, Hello, LinkFacts, PositionReport, ServerMessage} from './types' */

/** @typedef {{hasHeadphones: boolean, deviceId: string, sinkId: string}} Devices */

/** Waits before a lost connection is tried again by itself; the last one is repeated until the studio's minute is over. */
const RETRIES_MS = [1000, 2000, 4000, 8000];
const RETRY_LIMIT_MS = 60_000;
const NO_VOICES = { blocks: 0, lateBlocks: 0, underruns: 0 };

export class Seat {
  /** @type {Session | null} */ #session = null;
  /** @type {Audio | null} */ #audio = null;
  #hasHeadphones = false;
  #lostAt = 0;
  #retries = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retryTimer;

  /**
   * @param {Store} store
   * @param {HTMLElement} soundPanel Where the sound's way is shown and chosen; is filled.
   * @param {(list: {deviceId: string, label: string}[], chosen: string, label: string) => void} onMicrophones
   */
  constructor(store, soundPanel, onMicrophones) {
    this.store = store;
    this.soundWay = new SoundWay(soundPanel, (message) => this.send(message), (frame) => this.#session?.sendAudio(frame));
    this.microphone = new LiveMicrophone({
      ask: (deviceId) => askMicrophone(this.#hasHeadphones, deviceId),
      list: async () => (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'audioinput'),
      use: async (stream) => {
        this.#audio?.capture.use(stream);
        await this.soundWay.use(stream);
      },
      say: (text) => store.dispatch({ type: 'local.notice', text }),
      onGone: (isGone) => {
        if (isGone) store.dispatch({ type: 'local.problem', failure: MICROPHONE_GONE });
        else if (store.state.failure === MICROPHONE_GONE) store.dispatch({ type: 'local.dismiss' });
      },
      onList: (list, chosen, label) => {
        remember.changeDevice(chosen);
        onMicrophones(list, chosen, label);
      },
    });
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.microphone.devicesChanged());
  }

  /**
   * Opens microphone and voices, then the session.
   * @param {Devices} devices
   * @param {Hello} hello
   * @param {string} [resumeToken] Of a session that goes on.
   */
  async take(devices, hello, resumeToken) {
    this.#hasHeadphones = devices.hasHeadphones;
    try {
      if (!isSupported()) throw UNSUPPORTED;
      this.#audio = await openAudio(devices, {
        onFrame: (frame) => this.soundWay.hear(frame),
        onPosition: (speaker, report) => this.#reportPosition(speaker, report),
      });
    } catch (error) {
      this.store.dispatch({ type: 'local.start-failed', failure: error === UNSUPPORTED ? UNSUPPORTED : startFailure(error) });
      return;
    }
    const { context, capture } = this.#audio;
    void this.microphone.begin(capture.stream, devices.deviceId);
    this.soundWay.open(context, capture.stream);
    const { sampleRate } = context;
    this.#session = new Session(socketUrl(location.href), { ...hello, audio: { codec: 'pcm', sampleRate } }, {
      onMessage: (message) => {
        if (message.type === 'session.ready') {
          remember.keep({ resumeToken: message.resumeToken, episodeId: message.episodeId, hasHeadphones: devices.hasHeadphones,
            deviceId: this.microphone.chosen, sampleRate, briefing: hello.briefing ?? '' });
        }
        this.#receive(message);
      },
      onAudio: (frame) => this.#audio?.playback.play(frame),
      onClose: (code) => this.#closed(code),
    });
    if (resumeToken) this.#session.resume(resumeToken);
    else this.#session.connect();
  }

  /** @param {ClientMessage} message Dropped while there is no connection. */
  send(message) {
    this.#session?.send(message);
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.#audio?.capture.mute(muted);
    this.send({ type: 'client.mute', muted });
  }

  connectAgain() {
    clearTimeout(this.#retryTimer);
    this.store.dispatch({ type: 'local.reconnect' });
    this.#session?.connect();
  }

  /** The session is over: its socket is closed. */
  leave() {
    this.#session?.close();
  }

  /** Lets go of the microphone and the voices: the host sees in the browser that nothing listens any more. */
  closeAudio() {
    this.microphone.end();
    this.soundWay.close();
    this.#audio?.close();
    this.#audio = null;
  }

  /** Loudness now, 0 to 1. */
  levels() {
    if (this.store.state.lost) return { you: 0, claude: 0, guest: 0 };
    const voices = this.#audio?.playback.levels ?? { claude: 0, guest: 0 };
    const byLine = this.soundWay.levels();
    return { you: this.#audio?.capture.level ?? 0, claude: Math.max(voices.claude, byLine.claude), guest: Math.max(voices.guest, byLine.guest) };
  }

  /** What is known of the way to the studio. @param {number | null} roundTripMs As it was measured last. @returns {LinkFacts} */
  link(roundTripMs) {
    const counts = this.#audio?.playback.counts;
    return {
      roundTripMs, skipped: this.#session?.skippedFrames ?? 0,
      voices: counts ? together(counts.claude, counts.guest) : NO_VOICES, line: this.soundWay.quality,
    };
  }

  /** @param {number} code */
  #closed(code) {
    this.soundWay.drop();
    this.store.dispatch({ type: 'local.closed', code });
    const { screen, lost, canResume } = this.store.state;
    if (screen === 'finishing') this.closeAudio();
    if (lost && !canResume) remember.forget();
    this.#retryLater();
  }

  #retryLater() {
    clearTimeout(this.#retryTimer);
    const { screen, lost, canResume } = this.store.state;
    if (!lost || !canResume || screen !== 'live') return;
    const now = performance.now();
    if (this.#retries === 0) this.#lostAt = now;
    const wait = RETRIES_MS[Math.min(this.#retries, RETRIES_MS.length - 1)];
    if (now + wait - this.#lostAt > RETRY_LIMIT_MS) return;
    this.#retries += 1;
    this.store.dispatch({ type: 'local.retry', at: now + wait });
    this.#retryTimer = setTimeout(() => this.connectAgain(), wait);
  }

  /** @param {ServerMessage} message */
  #receive(message) {
    if (this.soundWay.take(message)) return;
    switch (message.type) {
      case 'audio.duck':
      case 'audio.pause':
      case 'audio.resume':
      case 'audio.flush':
        this.#audio?.playback.obey(message);
        return;
      case 'session.ready':
        this.#retries = 0;
        clearTimeout(this.#retryTimer);
        break;
      case 'recording.ready':
        remember.forget();
        break;
    }
    this.store.dispatch(message);
  }

  /**
   * Both numbers are of one instant of the audio context's clock: see `playhead.js`.
   * @param {AiSpeaker} speaker
   * @param {PositionReport} report
   */
  #reportPosition(speaker, { turn, played, frame, flushed }) {
    this.send({
      type: 'client.playout', speaker, turn, playedSamples: played, captureSample: this.#audio?.capture.counterAt(frame), flushed,
    });
  }
}
