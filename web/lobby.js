// Before the show: microphone and loudspeaker, a test of both, and the sound check.
import { askMicrophone } from './capture.js';
import { ApiFailure, heardWords, roundTrip } from './api.js';
import { deviceList, fill } from './devices.js';
import { startFailure } from './failures.js';
import { useSink } from './loudspeaker.js';
import { decibels, judge, quantile, sentenceIn, understoodShare } from './soundcheck.js';
/** @import {LevelMeter} from './level-meter.js' */
/** @import {Failure, SoundCheck} from './types' */

/** How often the level is read: as long as the analyser's window at 48 kHz, so that nothing is missed. */
const READ_MS = 40;
/** Parts of the sound check. Twenty seconds with the words between them. */
const QUIET_MS = 3000;
const ECHO_MS = 3000;
const SPEAK_MS = 8000;
const ROUND_TRIPS = 7;
/** What the recogniser is asked at, in Hz. */
const WORDS_RATE = 16_000;
/** The line that is played back. */
const SAY_MS = 4000;

export class Lobby {
  /** @type {MediaStream | null} */ #stream = null;
  /** @type {AudioContext | null} */ #context = null;
  /** @type {AnalyserNode | null} */ #analyser = null;
  #timer = 0;
  /** @type {number[] | null} */ #levels = null;
  #peak = 0;
  #isBusy = false;
  /** The last sound check of this page. @type {SoundCheck | null} */
  check = null;

  /**
   * @param {HTMLElement} root
   * @param {() => {hasHeadphones: boolean, briefing: string, language: string}} asked What the form says now.
   * @param {(failure: Failure) => void} onFailure
   */
  constructor(root, asked, onFailure) {
    const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(`[data-lobby="${name}"]`));
    this.root = root;
    this.asked = asked;
    this.onFailure = onFailure;
    this.open = /** @type {HTMLButtonElement} */ (part('open'));
    this.bench = part('bench');
    this.input = /** @type {HTMLSelectElement} */ (part('input'));
    this.output = /** @type {HTMLSelectElement} */ (part('output'));
    this.outputField = part('output-field');
    this.meter = /** @type {LevelMeter} */ (part('meter'));
    this.say = /** @type {HTMLButtonElement} */ (part('say'));
    this.run = /** @type {HTMLButtonElement} */ (part('check'));
    this.words = part('words');
    this.result = part('result');
    this.open.addEventListener('click', () => void this.#try(() => this.#openMicrophone()));
    this.input.addEventListener('change', () => {
      this.#forgetCheck();
      void this.#try(() => this.#openMicrophone());
    });
    this.output.addEventListener('change', () => void this.#try(() => this.#useOutput()));
    this.say.addEventListener('click', () => void this.#try(() => this.#saySomething()));
    this.run.addEventListener('click', () => void this.#try(() => this.#soundCheck()));
    navigator.mediaDevices?.addEventListener('devicechange', () => { if (this.#stream) void this.#listDevices(); });
  }

  get deviceId() { return this.input.value; }
  get sinkId() { return this.output.value; }

  /** The microphone is opened again with the other answer to the question about headphones. */
  headphonesChanged() {
    this.#forgetCheck();
    if (this.#stream) void this.#try(() => this.#openMicrophone());
  }

  /** Lets go of the microphone: the session opens its own. */
  close() {
    clearInterval(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    void this.#context?.close();
    this.#stream = this.#context = this.#analyser = null;
    this.bench.hidden = true;
    this.open.hidden = false;
  }

  /** @param {() => Promise<void>} does */
  async #try(does) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (const button of [this.open, this.say, this.run]) button.disabled = true;
    try {
      await does();
    } catch (error) {
      this.close();
      this.onFailure(startFailure(error));
    } finally {
      this.#isBusy = false;
      for (const button of [this.open, this.say, this.run]) button.disabled = false;
    }
  }

  async #openMicrophone() {
    const chosen = this.input.value;
    this.close();
    const context = new AudioContext({ latencyHint: 'interactive' });
    this.#context = context;
    void context.resume();
    this.#stream = await askMicrophone(this.asked().hasHeadphones, chosen);
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = 2048;
    context.createMediaStreamSource(this.#stream).connect(this.#analyser);
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#timer = setInterval(() => {
      this.#analyser?.getFloatTimeDomainData(samples);
      const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      this.meter.show(level, peak, performance.now());
      this.#levels?.push(level);
      this.#peak = Math.max(this.#peak, peak);
    }, READ_MS);
    await this.#listDevices();
    this.bench.hidden = false;
    this.open.hidden = true;
    this.input.focus();
    this.bench.scrollIntoView({ block: 'nearest' });
  }

  async #listDevices() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const used = this.#stream?.getAudioTracks()[0]?.getSettings().deviceId ?? '';
    fill(this.input, deviceList(devices.filter(({ kind }) => kind === 'audioinput')), this.input.value || used);
    const canChoose = 'setSinkId' in AudioContext.prototype;
    this.outputField.hidden = !canChoose;
    if (canChoose) fill(this.output, deviceList(devices.filter(({ kind }) => kind === 'audiooutput')), this.output.value);
  }

  async #useOutput() {
    if (this.#context) await useSink(this.#context, this.output.value);
  }

  async #saySomething() {
    if (!this.#stream || !this.#context) return;
    const stop = record(this.#stream, this.#context);
    await this.#tell('Say something now…', SAY_MS);
    const sound = await stop();
    this.words.textContent = 'This is how you sound.';
    const source = this.#context.createBufferSource();
    source.buffer = sound;
    source.connect(this.#context.destination);
    const isOver = new Promise((resolve) => { source.onended = resolve; });
    source.start();
    await isOver;
    this.words.textContent = '';
  }

  async #soundCheck() {
    const [context, stream] = [this.#context, this.#stream];
    if (!context || !stream) return;
    this.#forgetCheck();
    const { briefing, language, hasHeadphones } = this.asked();
    const sentence = sentenceIn(language);
    const quiet = await this.#measure('Be quiet for a moment…', QUIET_MS);
    const stop = playNoise(context);
    const echo = await this.#measure('Listen, and stay quiet…', ECHO_MS);
    stop();
    this.#peak = 0;
    const recorded = record(stream, context);
    const speech = await this.#measure(`Read aloud: “${sentence}”`, SPEAK_MS);
    this.words.textContent = 'The studio listens to what you read…';
    const understood = await this.#ask(recorded, sentence, briefing);
    this.words.textContent = 'Measuring the way to the studio…';
    const trips = [];
    for (let i = 0; i < ROUND_TRIPS; i++) trips.push(await roundTrip());
    this.words.textContent = '';
    this.check = {
      noiseDb: decibels(quantile(quiet, 0.5)), echoDb: decibels(quantile(echo, 0.7)), levelDb: decibels(quantile(speech, 0.9)),
      peakDb: decibels(this.#peak), roundTripMs: Math.round(quantile(trips, 0.5)),
      understood,
    };
    const { noiseDb, echoDb, levelDb, roundTripMs } = this.check;
    const words = understood ? `, understood ${Math.round(understood.share * 100)} %` : '';
    const figures = document.createElement('p');
    figures.className = 'about';
    figures.textContent = `Voice ${levelDb} dB, room ${noiseDb} dB, echo ${Math.max(0, echoDb - noiseDb)} dB above it, way to the studio ${roundTripMs} ms${words}. Kept with the recording.`;
    this.result.append(...judge(this.check, hasHeadphones).map(({ text, isGood }) => {
      const line = document.createElement('p');
      line.className = isGood ? 'good' : 'advice';
      line.textContent = text;
      return line;
    }), figures);
  }

  /**
   * What the studio's recogniser understood; `null` where it cannot say.
   * @param {() => Promise<AudioBuffer>} recorded @param {string} sentence @param {string} briefing
   */
  async #ask(recorded, sentence, briefing) {
    try {
      const { text } = await heardWords(await to16k(await recorded()), briefing);
      return { text, share: understoodShare(sentence, text) };
    } catch (error) {
      // The other figures stand; that the words are missing is said, not hidden.
      const line = document.createElement('p');
      line.className = 'advice';
      line.textContent = error instanceof ApiFailure ? `${error.failure.title} ${error.failure.advice}`
        : 'What you read could not be recorded by this browser.';
      this.result.append(line);
      return null;
    }
  }

  /** What was measured fits this microphone, these headphones and nothing else. */
  #forgetCheck() {
    this.check = null;
    this.result.replaceChildren();
  }

  /** @param {string} text @param {number} ms @returns {Promise<number[]>} Levels of that time. */
  async #measure(text, ms) {
    this.#levels = [];
    await this.#tell(text, ms);
    const levels = this.#levels;
    this.#levels = null;
    return levels;
  }

  /** @param {string} text @param {number} ms */
  #tell(text, ms) {
    this.words.textContent = text;
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}

/**
 * Records until the returned function is called.
 * @param {MediaStream} stream @param {AudioContext} context @returns {() => Promise<AudioBuffer>}
 */
function record(stream, context) {
  const recorder = new MediaRecorder(stream);
  /** @type {Blob[]} */
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const isDone = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start();
  return async () => {
    recorder.stop();
    await isDone;
    return context.decodeAudioData(await new Blob(parts).arrayBuffer());
  };
}

/** Mono 16-bit samples at the recogniser's rate. @param {AudioBuffer} sound */
async function to16k(sound) {
  const offline = new OfflineAudioContext(1, Math.ceil(sound.duration * WORDS_RATE), WORDS_RATE);
  const source = offline.createBufferSource();
  source.buffer = sound;
  source.connect(offline.destination);
  source.start();
  const samples = (await offline.startRendering()).getChannelData(0);
  return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32_767));
}

/** Noise as loud as a voice, swelling and falling as speech does. @param {AudioContext} context */
function playNoise(context) {
  const length = context.sampleRate * 2;
  const buffer = context.createBuffer(1, length, context.sampleRate);
  const samples = buffer.getChannelData(0);
  for (let i = 0; i < length; i++) samples[i] = (Math.random() - 0.5) * 0.3 * Math.sin((i / length) * Math.PI * 8) ** 2;
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.loop = true;
  source.connect(context.destination);
  source.start();
  return () => { source.stop(); source.disconnect(); };
}
