// The first screen: who talks about what, with which sound, and what will be recorded.
import { adapters, briefings } from './api.js';
import { checkBrowser, thisBrowser } from './browser-check.js';
import { setLanguage } from './language.js';
import { lostRecogniser, lostText } from './recogniser.js';
import * as remember from './remember.js';
import { voiceText } from './words.js';
/** @import {Briefing} from './types' */

/** @typedef {{participantName: string, briefing: Briefing | undefined, hasHeadphones: boolean}} Choice */

/** In the order of every list on the wire. */
const SPEAKERS = ['you', 'claude', 'guest'];

/** Without one there is no show. */
const NO_BRIEFING = 'There is no briefing yet: make one, a text that says who is at the table and what the show is about. '
  + 'The example.md that comes with the studio is one to start from. Put yours into the studio’s folder of briefings and come back to this page.';

export class StartForm {
  /** @type {Briefing[]} */ #briefings = [];
  #isEmpty = false;
  #isBusy = false;

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
    this.speech = /** @type {HTMLElement} */ (form.querySelector('#speech-check'));
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
    // Whoever went to make one comes back.
    document.addEventListener('visibilitychange', () => { if (this.#isEmpty && !document.hidden) void this.load().catch(() => {}); });
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

  /** Fills the list of briefings; without one nobody enters. @throws What the studio answers. */
  async load() {
    this.#briefings = await briefings();
    this.#isEmpty = this.#briefings.length === 0;
    this.render(this.#isBusy);
    this.about.classList.toggle('advice', this.#isEmpty);
    if (this.#isEmpty) {
      this.select.replaceChildren(new Option('None', ''));
      this.about.textContent = NO_BRIEFING;
      return;
    }
    this.select.replaceChildren(...this.#briefings.map(({ name, title }) => new Option(title || name, name)));
    const before = remember.host()?.briefing;
    if (this.#briefings.some(({ name }) => name === before)) this.select.value = before ?? '';
    this.#describe();
  }

  /** Says before anybody enters that nobody would be understood. Without an answer there is nothing to say. */
  async warn() {
    const lost = lostRecogniser(await adapters().catch(() => []));
    this.speech.textContent = lost ? lostText(lost) : '';
  }

  /** @param {boolean} isBusy */
  render(isBusy) {
    this.#isBusy = isBusy;
    this.select.disabled = this.#isEmpty;
    this.button.disabled = isBusy || !this.canRun || this.#isEmpty;
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
