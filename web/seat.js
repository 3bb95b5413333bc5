// The host's seat at the table: microphone, voices, the sound's way and the socket. They are opened together, and kept for
// as long as the session goes on; a lost connection is tried again by itself while the studio waits.
import { isSupported, openAudio } from './audio.js';
import { askMicrophone } from './capture.js';
import { startFailure, UNSUPPORTED } from './failures.js';
import { together } from './link.js';
import { LiveMicrophone } from './live-microphone.js';
import * as remember from './remember.js';
import { Retries } from './retries.js';
import { Session, socketUrl } from './session.js';
import { SoundWay } from './sound-way.js';
/** @import {Audio, Devices} from './audio.js' */
/** @import {Store} from './store.js' */
/** @import {AiSpeaker, ClientMessage, Hello, LinkFacts, PositionReport, ServerMessage} from './types' */

const NO_VOICES = { blocks: 0, lateBlocks: 0, underruns: 0 };

export class Seat {
  /** @type {Session | null} */ #session = null;
  /** @type {Audio | null} */ #audio = null;
  #sinkId = '';
  #isOpening = false;
  /** What was to be said while nobody was connected. */
  #unsaid = '';
  #retries = new Retries();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retryTimer;
  /** Runs out with the studio's minute. @type {ReturnType<typeof setTimeout> | undefined} */ #limitTimer;

  /**
   * @param {Store} store
   * @param {HTMLElement} soundPanel Where the sound's way is shown and chosen; is filled.
   * @param {(list: {deviceId: string, label: string}[], chosen: string, label: string) => void} onMicrophones
   */
  constructor(store, soundPanel, onMicrophones) {
    this.store = store;
    this.soundWay = new SoundWay(soundPanel, (message) => this.send(message), (frame) => this.#session?.sendAudio(frame));
    this.microphone = new LiveMicrophone({
      ask: (deviceId, hasHeadphones) => askMicrophone(hasHeadphones, deviceId),
      list: async () => (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'audioinput'),
      use: async (stream) => {
        this.#audio?.capture.use(stream);
        await this.soundWay.use(stream);
      },
      say: (text) => this.#say(text),
      onGone: (failure) => store.dispatch({ type: 'local.microphone', failure }),
      onList: (list, chosen, label) => {
        remember.changeDevice(chosen, this.microphone.hasHeadphones);
        onMicrophones(list, chosen, label);
      },
    });
    navigator.mediaDevices?.addEventListener('devicechange', () => {
      void this.microphone.devicesChanged();
      void this.#audio?.loudspeaker.devicesChanged();
    });
  }

  /** Who is not connected is not heard through anything: it is said as soon as they are. @param {string} text */
  #say(text) {
    const { screen, lost } = this.store.state;
    const isConnected = screen === 'live' && !lost;
    this.#unsaid = isConnected ? '' : text;
    if (isConnected) this.store.dispatch({ type: 'local.notice', text });
  }

  /**
   * Opens microphone and voices, then the session.
   * @param {Devices} devices
   * @param {Hello} hello
   * @param {string} [resumeToken] Of a session that goes on.
   */
  async take(devices, hello, resumeToken) {
    this.#unsaid = '';
    let sampleRate;
    try {
      ({ context: { sampleRate } } = await this.#open(devices));
    } catch (error) {
      this.store.dispatch({ type: 'local.start-failed', failure: error === UNSUPPORTED ? UNSUPPORTED : startFailure(error) });
      return;
    }
    this.#session = new Session(socketUrl(location.href), { ...hello, audio: { codec: 'pcm', sampleRate } }, {
      onMessage: (message) => {
        if (message.type === 'session.ready') {
          const { hasHeadphones, chosen: deviceId } = this.microphone;
          remember.keep({ resumeToken: message.resumeToken, episodeId: message.episodeId, hasHeadphones, deviceId, sampleRate,
            briefing: hello.briefing ?? '' });
        }
        this.#receive(message);
      },
      onAudio: (frame) => this.#audio?.playback.play(frame),
      onClose: (code) => this.#closed(code),
    });
    if (resumeToken) this.#session.resume(resumeToken);
    else this.#session.connect();
  }

  /** Microphone, voices and the sound's way. @param {Devices} devices @throws Whatever the browser refuses. */
  async #open(devices) {
    if (!isSupported()) throw UNSUPPORTED;
    this.#sinkId = devices.sinkId;
    const audio = await openAudio(devices, {
      onFrame: (frame) => this.soundWay.hear(frame),
      onPosition: (speaker, report) => this.#reportPosition(speaker, report),
      say: (text) => this.#say(text),
    });
    this.#audio = audio;
    void this.microphone.begin(audio.capture.stream, audio.deviceId, audio.hasHeadphones);
    this.soundWay.open(audio.context, audio.capture.stream);
    return audio;
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

  /** Must be called inside a gesture where the audio was closed: see `openAudio`. */
  async connectAgain() {
    if (this.#isOpening) return;
    clearTimeout(this.#retryTimer);
    this.store.dispatch({ type: 'local.reconnect' });
    if (!this.#audio) {
      this.#isOpening = true;
      try {
        const { hasHeadphones, chosen: deviceId } = this.microphone;
        const { capture } = await this.#open({ hasHeadphones, deviceId, sinkId: this.#sinkId, sampleRate: this.#session?.hello.audio?.sampleRate });
        capture.mute(this.store.state.muted);
      } catch (error) {
        this.store.dispatch({ type: 'local.problem', failure: startFailure(error) });
        return;
      } finally {
        this.#isOpening = false;
      }
    }
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
    // Where nothing goes on there is nobody who might listen.
    if (screen === 'finishing' || (lost && !canResume)) this.closeAudio();
    if (lost && !canResume) remember.forget();
    if (lost && canResume && screen === 'live') this.#retryLater();
    else this.#stopRetrying();
  }

  #retryLater() {
    this.#stopRetrying();
    const now = performance.now();
    this.#retries.lost(now);
    const left = this.#retries.leftMs(now);
    if (left === 0) {
      this.#giveUp();
      return;
    }
    this.#limitTimer = setTimeout(() => this.#giveUp(), left);
    const wait = this.#retries.next(now);
    if (wait === null) return;
    this.store.dispatch({ type: 'local.retry', at: now + wait });
    this.#retryTimer = setTimeout(() => void this.connectAgain(), wait);
  }

  #stopRetrying() {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#limitTimer);
  }

  /** The studio's minute is over: nobody waits with an open microphone. The host may still try by hand, which opens it anew. */
  #giveUp() {
    this.#stopRetrying();
    this.#session?.close();
    this.closeAudio();
    this.store.dispatch({ type: 'local.gave-up' });
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
        this.#retries.found();
        this.#stopRetrying();
        break;
      case 'recording.ready':
        remember.forget();
        break;
    }
    this.store.dispatch(message);
    if (message.type === 'session.ready' && this.#unsaid) this.#say(this.#unsaid);
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
