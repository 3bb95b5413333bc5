// A level with its highest place and a mark that stays lit after clipping.

/** Below this nothing is shown: the quietest room. */
const FLOOR_DB = -60;
/** From here on samples are cut off. */
const CLIP = 0.985;
/** How long the clip mark stays. */
const CLIP_MS = 2000;

/** @param {number} value Of full scale, 0 to 1. @returns {number} Share of the bar, 0 to 1. */
export function barShare(value) {
  return Math.max(0, Math.min(1, 1 - (20 * Math.log10(Math.max(value, 1e-6))) / FLOOR_DB));
}

export class LevelMeter extends HTMLElement {
  #clippedAt = -Infinity;
  #shown = -1;

  connectedCallback() {
    this.setAttribute('role', 'meter');
    this.setAttribute('aria-valuemin', '0');
    this.setAttribute('aria-valuemax', '100');
    if (!this.firstChild) this.append(document.createElement('i'), document.createElement('b'));
    this.show(0, 0, 0);
  }

  /** @param {number} level Effective value. @param {number} peak @param {number} now In ms. */
  show(level, peak, now) {
    if (peak >= CLIP) this.#clippedAt = now;
    this.dataset.clipped = String(now - this.#clippedAt < CLIP_MS);
    const share = Math.round(barShare(level) * 100);
    if (share === this.#shown) return;
    this.#shown = share;
    this.style.setProperty('--share', String(share / 100));
    this.setAttribute('aria-valuenow', String(share));
  }
}

customElements.define('level-meter', LevelMeter);
