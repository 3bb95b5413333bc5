// The first screen: who talks about what, with which sound, and what will be recorded.
/** @import {Briefing} from './types' */

/** @typedef {{participantName: string, briefing: string | undefined, hasHeadphones: boolean}} Choice */

export class StartForm {
  /** @type {Briefing[]} */ #briefings = [];

  /** @param {HTMLFormElement} form @param {(choice: Choice) => void} onStart */
  constructor(form, onStart) {
    this.form = form;
    this.select = /** @type {HTMLSelectElement} */ (form.elements.namedItem('briefing'));
    this.about = /** @type {HTMLElement} */ (form.querySelector('#briefing-about'));
    this.button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'));
    this.select.addEventListener('change', () => this.#describe());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const data = new FormData(form);
      onStart({
        participantName: String(data.get('name') ?? '').trim(),
        briefing: String(data.get('briefing') ?? '') || undefined,
        hasHeadphones: data.get('headphones') === 'yes',
      });
    });
  }

  /** Fills the list of briefings; without one the studio takes its first. */
  async load() {
    try {
      const response = await fetch('/api/briefings', { headers: { accept: 'application/json' } });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const { briefings } = await response.json();
      this.#briefings = Array.isArray(briefings) ? briefings : [];
    } catch {
      this.about.textContent = 'The list of briefings could not be read. The studio takes its first one.';
      return;
    }
    if (this.#briefings.length === 0) return;
    this.select.replaceChildren(...this.#briefings.map(({ name, title }) => new Option(title || name, name)));
    this.#describe();
  }

  /** @param {boolean} isBusy */
  render(isBusy) {
    this.button.disabled = isBusy;
    this.button.textContent = isBusy ? 'Opening the studio…' : 'Enter the studio';
  }

  #describe() {
    const briefing = this.#briefings.find(({ name }) => name === this.select.value);
    if (!briefing) return;
    const speakers = Array.isArray(briefing.speakers) ? briefing.speakers : [];
    this.about.textContent = [
      speakers.length ? `With ${new Intl.ListFormat('en').format(speakers)}.` : '',
      briefing.episode ? `Recorded as ${briefing.episode}.` : '',
    ].join(' ').trim();
  }
}
