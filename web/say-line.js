// A line that is typed instead of spoken: for a host who cannot speak now, and for a studio that understands nobody.
import { page } from './elements.js';

export class SayLine {
  /** @param {(text: string) => boolean} onSay Whether the line was taken: one that was not stays in the field. */
  constructor(onSay) {
    page.say.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = page.sayText.value.trim();
      if (text && onSay(text)) page.sayText.value = '';
    });
    // Back to the show: the keys work again.
    page.sayText.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      // There it would interrupt whoever speaks.
      event.stopPropagation();
      page.sayText.blur();
      if (!this.isNeeded) this.#open(false);
    });
  }

  /** While the studio understands nobody it is always there. */
  isNeeded = false;

  /** By the host: to where it is written, and away again. */
  toggle() {
    const isWriting = document.activeElement === page.sayText;
    if (!page.say.hidden && !this.isNeeded) return this.#open(false);
    this.#open(true);
    if (isWriting) page.sayText.blur();
    else page.sayText.focus();
  }

  /** @param {boolean} isNeeded */
  need(isNeeded) {
    const wasNeeded = this.isNeeded;
    this.isNeeded = isNeeded;
    if (isNeeded) this.#open(true);
    // Whoever writes is not interrupted.
    else if (wasNeeded && !page.sayText.value && document.activeElement !== page.sayText) this.#open(false);
  }

  /** @param {boolean} isOpen */
  #open(isOpen) {
    page.say.hidden = !isOpen;
    page.type.setAttribute('aria-expanded', String(isOpen));
  }
}
