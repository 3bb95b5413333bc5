// The connection as the host sees it: a word beside the clock, and its figures in the panel.
import { roundTrip } from './api.js';
import { figureRows, page, show } from './elements.js';
import { linkFigures, linkWord, measured } from './link.js';
/** @import {LinkFacts} from './types' */

export class LinkView {
  /** @type {number | null} */ #roundTripMs = null;
  #shown = '';

  /** @param {(roundTripMs: number | null) => LinkFacts} facts */
  constructor(facts) {
    this.facts = facts;
  }

  /** Asks how far it is to the studio, then shows it. @param {() => boolean} isConnected */
  async measure(isConnected) {
    const roundTripMs = await measured(roundTrip, isConnected);
    if (roundTripMs === null) return;
    this.#roundTripMs = roundTripMs;
    this.#showWord();
    this.showFigures();
  }

  #showWord() {
    const word = linkWord(this.facts(this.#roundTripMs));
    if (!word) return;
    page.link.hidden = false;
    page.link.dataset.quality = word.quality;
    show(page.linkWord, word.text);
  }

  /** The figures of now. */
  showFigures() {
    const rows = linkFigures(this.facts(this.#roundTripMs));
    const shown = JSON.stringify(rows);
    if (shown === this.#shown) return;
    this.#shown = shown;
    page.linkFigures.replaceChildren(...figureRows(rows));
  }
}
