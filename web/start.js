// The first screen: who talks about what, with which sound, and what will be recorded.
import { briefings } from './api.js';
import { checkBrowser, thisBrowser } from './browser-check.js';
import { setLanguage } from './language.js';
import * as remember from './remember.js';
import { voiceText } from './words.js';
/** @import {Briefing} from './types' */

/** @typedef {{participantName: string, briefing: Briefing | undefined, hasHeadphones: boolean}} Choice */

/** In the order of every list on the wire. */
const SPEAKERS = ['you', 'claude', 'guest'];

export class StartForm {
  /** @type {Briefing[]} */ #briefings = [];

  /** @param {HTMLFormElement} form @param {(choice: Choice) => void} onStart */
  constructor(form, onStart) {
    this.form = form;
    this.select = /** @type {HTMLSelectElement} */ (form.elements.namedItem('briefing'));
    this.about = /** @type {HTMLElement} */ (form.querySelector('#briefing-about'));
    this.cast = /** @type {HTMLElement} */ (form.querySelector('#cast'));
    this.plan = /** @type {HTMLElement} */ (form.querySelector('#briefing-plan'));
    this.planBox = /** @type {HTMLElement} */ (form.querySelector('#briefing-plan-box'));
    this.button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'));
    const { canRun, lines } = checkBrowser(thisBrowser());
    this.canRun = canRun;
    const check = /** @type {HTMLElement} */ (form.querySelector('#browser-check'));
    check.textContent = lines.join(' ');
    check.classList.toggle('advice', !canRun);
    this.select.addEventListener('change', () => this.#describe());
    // Enter in a field would press the button: nobody is recorded who did not press it themselves.
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && event.target instanceof HTMLInputElement) event.preventDefault();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const choice = { participantName: this.#name.value.trim(), briefing: this.#chosen, hasHeadphones: this.hasHeadphones };
      remember.keepHost({ name: choice.participantName, briefing: choice.briefing?.name ?? '', hasHeadphones: choice.hasHeadphones });
      onStart(choice);
    });
    this.#recall();
  }

  /** What the lobby must know. */
  get asked() {
    const { hasHeadphones } = this;
    return { hasHeadphones, briefing: this.#chosen?.name ?? '', language: this.#chosen?.language ?? 'en' };
  }

  get hasHeadphones() {
    return new FormData(this.form).get('headphones') === 'yes';
  }

  get #name() {
    return /** @type {HTMLInputElement} */ (this.form.elements.namedItem('name'));
  }

  /** What the host answered before their last session is not asked again. */
  #recall() {
    const host = remember.host();
    if (!host) return;
    this.#name.value = host.name;
    /** @type {RadioNodeList} */ (this.form.elements.namedItem('headphones')).value = host.hasHeadphones ? 'yes' : 'no';
  }

  get #chosen() {
    return this.#briefings.find(({ name }) => name === this.select.value);
  }

  /** Fills the list of briefings; without one the studio takes its first. @throws What the studio answers. */
  async load() {
    this.#briefings = await briefings();
    if (this.#briefings.length === 0) {
      this.about.textContent = 'There are no briefings yet. README.md says how to write one.';
      return;
    }
    this.select.replaceChildren(...this.#briefings.map(({ name, title }) => new Option(title || name, name)));
    const before = remember.host()?.briefing;
    if (this.#briefings.some(({ name }) => name === before)) this.select.value = before ?? '';
    this.#describe();
  }

  /** @param {boolean} isBusy */
  render(isBusy) {
    this.button.disabled = isBusy || !this.canRun;
    this.button.textContent = isBusy ? 'Opening the studio…' : 'Enter the studio';
  }

  #describe() {
    const briefing = this.#chosen;
    if (!briefing) return;
    this.about.textContent = [
      `With ${new Intl.ListFormat('en').format(briefing.speakers)}.`, briefing.episode ? `Recorded as ${briefing.episode}.` : '',
    ].join(' ').trim();
    this.cast.replaceChildren(...briefing.speakers.map((name, i) => {
      const item = document.createElement('li');
      item.dataset.speaker = SPEAKERS[i];
      const label = document.createElement('b');
      label.textContent = name;
      const facts = document.createElement('span');
      const role = briefing.roles?.[i] || (i === 0 ? 'host' : 'AI');
      facts.textContent = [role, i > 0 && briefing.voices?.[i] ? voiceText(briefing.voices[i]) : ''].filter(Boolean).join(', ');
      item.append(label, facts);
      return item;
    }));
    this.plan.replaceChildren(...(briefing.segments ?? []).map(({ title, minutes, goal }) => {
      const item = document.createElement('li');
      const name = document.createElement('b');
      name.textContent = minutes ? `${title}, ${minutes} min` : title;
      item.append(name);
      if (goal) item.append(document.createElement('br'), goal);
      return item;
    }));
    setLanguage(this.plan, briefing.language);
    this.planBox.hidden = !briefing.segments?.length;
  }
}
