// The switches over the captions: whether they are shown, how large, and whether screen readers read them aloud.
import { element } from './elements.js';
import { prefer, preference } from './remember.js';

/** Sizes of captions, as shares of the usual one. */
const SIZES = [0.875, 1, 1.25, 1.5, 2];
const USUAL = 1;
/** The preference that is remembered. */
const ANNOUNCE = 'announce';

/** What makes the log a live region; a role of `log` is one by itself. @type {[string, string][]} */
const LIVE = [['role', 'log'], ['aria-live', 'polite'], ['aria-relevant', 'additions'], ['aria-label', 'What was said']];

/** @param {Element} log @param {boolean} isAnnounced */
export function setAnnounced(log, isAnnounced) {
  for (const [name, value] of LIVE) {
    if (isAnnounced) log.setAttribute(name, value);
    else log.removeAttribute(name);
  }
}

export class CaptionTools {
  #size = USUAL;

  /** @param {HTMLElement} log Where final captions are added. */
  constructor(log) {
    this.log = log;
    this.shown = element('captions-toggle', HTMLButtonElement);
    this.announced = element('announce', HTMLButtonElement);
    this.smaller = element('smaller', HTMLButtonElement);
    this.larger = element('larger', HTMLButtonElement);
    this.shown.addEventListener('click', () => this.toggle());
    this.announced.addEventListener('click', () => {
      const isOn = this.announced.getAttribute('aria-pressed') !== 'true';
      prefer(ANNOUNCE, isOn ? 'on' : 'off');
      this.#announce(isOn);
    });
    this.smaller.addEventListener('click', () => this.#resize(-1));
    this.larger.addEventListener('click', () => this.#resize(1));
    this.#announce(preference(ANNOUNCE) !== 'off');
    this.#resize(0);
  }

  /** Shows the captions, or hides them. */
  toggle() {
    const isOn = this.shown.getAttribute('aria-pressed') !== 'true';
    this.shown.setAttribute('aria-pressed', String(isOn));
    document.body.dataset.captions = isOn ? 'on' : 'off';
  }

  /** @param {boolean} isOn */
  #announce(isOn) {
    this.announced.setAttribute('aria-pressed', String(isOn));
    setAnnounced(this.log, isOn);
  }

  /** @param {number} step */
  #resize(step) {
    this.#size = Math.max(0, Math.min(SIZES.length - 1, this.#size + step));
    document.body.style.setProperty('--caption-size', String(SIZES[this.#size]));
    this.smaller.disabled = this.#size === 0;
    this.larger.disabled = this.#size === SIZES.length - 1;
  }
}
