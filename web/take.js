// A finished recording: three tracks side by side to be heard, read and taken away.
import { ApiFailure, recording, waveforms } from './api.js';
import { isStruckCue, legendOf, linesOf } from './cues.js';
import { checksums, renderFiles } from './files.js';
import { TrackWave } from './wave.js';
import { setLanguage } from './language.js';
import { placeAfter } from './seek.js';
import { clockText, dateText } from './words.js';
/** @import {Recording, Speaker} from './types' */

/** Points of a picture: finer than a wide window. */
const POINTS = 1200;
/** Tracks that are further apart are set right; less is not heard between different voices. */
const APART_S = 0.05;
/** A marker has no length: its line counts as being said for so long. */
const MARK_MS = 500;
/** What is said of one that cannot be heard. */
const ABSENCES = {
  missing: 'The address may be cut short, or the recording was deleted.',
  unfinished: 'It was left unfinished. Whoever runs the studio can repair it: studio recover.',
  'on-air': 'It is being recorded now. Its tracks, files and words are here when its session has ended.',
};

/** @typedef {{speaker: Speaker, audio: HTMLAudioElement, wave: TrackWave, mute: HTMLButtonElement, solo: HTMLButtonElement, isMuted: boolean}} Track */

export class Take {
  /** @type {Track[]} */ #tracks = [];
  /** @type {Speaker | null} */ #solo = null;
  #durationS = 0;
  #timer = 0;
  #opened = 0;
  /** Lines of what was said, in their order. @type {{at: number, until: number, button: HTMLButtonElement}[]} */
  #lines = [];

  /** @param {HTMLElement} root */
  constructor(root) {
    const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(`[data-take="${name}"]`));
    this.root = root;
    this.title = part('title');
    this.facts = part('facts');
    this.rows = part('tracks');
    this.files = part('files');
    this.sums = part('sums');
    this.sumsBox = part('sums-box');
    this.words = part('words');
    this.absence = part('absence');
    this.legend = part('legend');
    this.player = part('player');
    this.play = /** @type {HTMLButtonElement} */ (part('play'));
    this.seek = /** @type {HTMLInputElement} */ (part('seek'));
    this.clock = part('clock');
    this.play.addEventListener('click', () => this.#toggle());
    this.seek.addEventListener('input', () => this.#go(Number(this.seek.value) / 1000));
    this.seek.addEventListener('keydown', (event) => {
      const place = event.ctrlKey || event.altKey || event.metaKey ? null : placeAfter(event.key, Number(this.seek.value) / 1000, this.#durationS);
      if (place === null) return;
      event.preventDefault();
      this.#go(place);
    });
  }

  /**
   * @param {string} episode @param {number} [atMs] A place to go to.
   * @throws Whatever the studio answers.
   */
  async open(episode, atMs) {
    this.close();
    const mine = ++this.#opened;
    const take = await recording(episode).catch((error) => {
      if (error instanceof ApiFailure && error.code === 'not_found') return null;
      throw error;
    });
    if (mine !== this.#opened) return null;
    this.#say(take === null ? 'missing' : take.state);
    if (take === null) return null;
    this.#show(take);
    if (atMs !== undefined) this.goTo(atMs);
    if (take.state === 'finished') {
      const { tracks } = await waveforms(episode, POINTS);
      if (mine !== this.#opened) return null;
      for (const { speaker, wave } of this.#tracks) {
        wave.look.peaks = tracks[speaker];
        wave.draw();
      }
      this.root.dataset.drawn = 'true';
    }
    return take;
  }

  /** To a place that was searched for: sound, waves and the line that is said there. @param {number} ms */
  goTo(ms) {
    this.#go(ms / 1000);
    const line = this.#lines.findLast(({ at }) => at <= ms) ?? this.#lines[0];
    if (!line) return;
    this.words.scrollIntoView({ block: 'nearest' });
    line.button.focus();
  }

  close() {
    this.#opened += 1;
    this.#pause();
    for (const { audio } of this.#tracks) audio.removeAttribute('src');
    this.#tracks = [];
    this.#solo = null;
    delete this.root.dataset.drawn;
    delete this.root.dataset.state;
    this.absence.textContent = '';
  }

  /** One that is not there, or not yet, has nothing to be heard, read or deleted. @param {Recording['state'] | 'missing'} state */
  #say(state) {
    this.root.dataset.state = state;
    this.absence.textContent = state === 'finished' ? '' : ABSENCES[state];
    if (state !== 'missing') return;
    this.title.textContent = 'There is no such recording.';
    this.title.removeAttribute('lang');
    this.facts.textContent = '';
    this.player.hidden = true;
  }

  /** @param {Recording} take */
  #show(take) {
    this.#durationS = (take.durationMs ?? 0) / 1000;
    this.title.textContent = take.title;
    this.facts.textContent = [take.startedUtc ? dateText(take.startedUtc) : '', take.durationMs === null ? '' : clockText(take.durationMs),
      take.episodeId, take.recovered ? 'repaired after a crash' : '', take.state === 'on-air' ? 'on air' : ''].filter(Boolean).join(' · ');
    renderFiles(this.files, take);
    const sums = checksums(take.files);
    this.sums.textContent = sums;
    this.sumsBox.hidden = sums === '';
    this.seek.max = String(take.durationMs ?? 0);
    this.player.hidden = take.state !== 'finished';
    this.#tracks = take.speakers.map(({ speaker, name, track }) => this.#track(take, speaker, name, track));
    this.rows.replaceChildren(...this.#tracks.map(({ wave }) => /** @type {HTMLElement} */ (wave.closest('.track'))));
    this.#lines = linesOf(take).map((line) => ({ at: line.at, until: line.until, button: this.#line(line) }));
    this.words.replaceChildren(...this.#lines.map(({ button }) => /** @type {HTMLElement} */ (button.parentElement)));
    this.legend.replaceChildren(...legendOf(take).map(({ sign, text }) => {
      const item = document.createElement('li');
      item.dataset.sign = sign;
      item.textContent = text;
      return item;
    }));
    setLanguage(this.title, take.language);
    this.#move();
  }

  /** @param {Recording} take @param {Speaker} speaker @param {string} name @param {string} file @returns {Track} */
  #track(take, speaker, name, file) {
    const row = document.createElement('li');
    row.className = 'track';
    row.dataset.speaker = speaker;
    const label = document.createElement('b');
    label.textContent = name;
    const button = (/** @type {string} */ text, /** @type {() => void} */ does) => {
      const made = document.createElement('button');
      made.type = 'button';
      made.className = 'toggle';
      made.textContent = text;
      made.setAttribute('aria-label', `${text} ${name}`);
      made.setAttribute('aria-pressed', 'false');
      made.addEventListener('click', does);
      return made;
    };
    const wave = new TrackWave();
    const length = Math.max(1, take.durationMs ?? 1);
    wave.look.spans = take.captions.filter((cue) => cue.speaker === name).map((cue) => (
      { from: cue.startMs / length, until: cue.endMs / length, text: cue.text, cut: cue.cut ?? false, struck: isStruckCue(cue, take.cuts) }));
    wave.look.strikes = (take.cuts ?? []).map(({ fromMs, toMs }) => [fromMs / length, toMs / length]);
    wave.look.markers = take.markers.map(({ at_s }) => (at_s * 1000) / length);
    wave.addEventListener('click', (event) => this.#go(((event.offsetX / wave.clientWidth) * length) / 1000));
    const audio = new Audio();
    audio.preload = 'metadata';
    audio.src = `/api/recordings/${encodeURIComponent(take.episodeId)}/${file}`;
    /** @type {Track} */
    const track = { speaker, audio, wave, isMuted: false,
      mute: button('Mute', () => { track.isMuted = !track.isMuted; this.#mix(); }),
      solo: button('Solo', () => { this.#solo = this.#solo === speaker ? null : speaker; this.#mix(); }) };
    const head = document.createElement('div');
    head.className = 'track-head';
    head.append(label, track.solo, track.mute);
    row.append(head, wave);
    return track;
  }

  /** @param {import('./cues.js').Line} line */
  #line({ at, who, text, language, isCut, isStruck }) {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'cue';
    const [time, name, words] = [document.createElement('span'), document.createElement('b'), document.createElement('span')];
    time.textContent = clockText(at);
    time.className = 'cue-time';
    name.textContent = who;
    words.textContent = text;
    setLanguage(words, language);
    if (isStruck) button.dataset.struck = 'true';
    for (const [word, meaning] of [isCut ? ['cut off', 'Its speaker was interrupted here'] : [], isStruck ? ['struck', 'Cut from the show; the tracks keep it'] : []]) {
      if (!word) continue;
      const mark = document.createElement('i');
      mark.className = 'cut';
      mark.lang = 'en';
      mark.textContent = word;
      mark.title = meaning;
      words.append(' ', mark);
    }
    button.append(time, name, words);
    button.addEventListener('click', () => this.#go(at / 1000));
    item.append(button);
    return button;
  }

  #mix() {
    for (const { speaker, audio, wave, mute, solo, isMuted } of this.#tracks) {
      audio.muted = isMuted || (this.#solo !== null && this.#solo !== speaker);
      mute.setAttribute('aria-pressed', String(isMuted));
      solo.setAttribute('aria-pressed', String(this.#solo === speaker));
      wave.look.isOff = audio.muted;
      wave.draw();
    }
  }

  #toggle() {
    if (this.#timer) return this.#pause();
    if (this.#now() >= this.#durationS - 0.05) this.#go(0);
    for (const { audio } of this.#tracks) void audio.play();
    this.#timer = setInterval(() => this.#follow(), 100);
    this.#label(true);
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = 0;
    for (const { audio } of this.#tracks) audio.pause();
    this.#label(false);
  }

  /** @param {boolean} isPlaying */
  #label(isPlaying) {
    this.play.textContent = isPlaying ? 'Pause' : 'Play';
    this.root.dataset.playing = String(isPlaying);
  }

  #follow() {
    const now = this.#now();
    for (const { audio } of this.#tracks.slice(1)) {
      if (Math.abs(audio.currentTime - now) > APART_S && !audio.ended) audio.currentTime = now;
    }
    if (this.#tracks[0]?.audio.ended) this.#pause();
    this.#move();
  }

  #now() {
    return this.#tracks[0]?.audio.currentTime ?? 0;
  }

  /** @param {number} seconds */
  #go(seconds) {
    for (const { audio } of this.#tracks) audio.currentTime = seconds;
    this.#move(seconds);
  }

  #move(seconds = this.#now()) {
    const text = `${clockText(seconds * 1000)} of ${clockText(this.#durationS * 1000)}`;
    this.seek.value = String(Math.round(seconds * 1000));
    this.seek.setAttribute('aria-valuetext', text);
    this.clock.textContent = text;
    this.#mark(seconds * 1000);
    for (const { wave } of this.#tracks) {
      wave.look.at = this.#durationS ? seconds / this.#durationS : 0;
      wave.draw();
    }
  }

  /** The line that is being said is marked, and while it plays the list goes along. @param {number} ms */
  #mark(ms) {
    const line = this.#lines.findLast(({ at, until }) => at <= ms && ms <= Math.max(until, at + MARK_MS));
    if (line?.button.hasAttribute('aria-current')) return;
    for (const { button } of this.#lines) button.removeAttribute('aria-current');
    if (!line) return;
    line.button.setAttribute('aria-current', 'true');
    if (this.#timer) this.words.scrollTop = line.button.offsetTop - this.words.clientHeight / 3;
  }
}
