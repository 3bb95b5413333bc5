// The first screen: who talks about what, with which sound, and what will be recorded.
import { briefings } from './api.js';
import { checkBrowser, thisBrowser } from './browser-check.js';
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
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const data = new FormData(form);
      onStart({
        participantName: String(data.get('name') ?? '').trim(),
        briefing: this.#chosen,
        hasHeadphones: data.get('headphones') === 'yes',
      });
    });
  }

  /** What the lobby must know. */
  get asked() {
    const { hasHeadphones } = this;
    return { hasHeadphones, briefing: this.#chosen?.name ?? '', language: this.#chosen?.language ?? 'en' };
  }

  get hasHeadphones() {
    return new FormData(this.form).get('headphones') === 'yes';
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
      facts.textContent = [role, i > 0 && briefing.voices?.[i] ? `voice ${briefing.voices[i]}` : ''].filter(Boolean).join(', ');
      item.append(label, facts);
      return item;
    }));
    this.plan.replaceChildren(...(briefing.segments ?? []).map(({ title, minutes }) => {
      const item = document.createElement('li');
      item.textContent = minutes ? `${title}, ${minutes} min` : title;
      return item;
    }));
    this.planBox.hidden = !briefing.segments?.length;
  }
}
