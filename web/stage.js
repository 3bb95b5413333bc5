// The three orbs on the page: their canvases, labels and levels, redrawn while anything moves.
import { draw } from './orb.js';
import { SPEAKERS } from './state.js';
import { STATE_WORDS } from './words.js';
/** @import {Speaker, StudioState} from './types' */

/** How fast a shown level follows the voice, per drawing: quick up, slow down, as meters do. */
const RISE = 0.45;
const FALL = 0.12;
/** Speech at a good level has an effective value around 0.12 of full scale; that fills the orb. */
const LEVEL_FULL = 0.18;
/** Sharper than this nobody sees, and every pixel costs. */
const SCALE_MAX = 2;

export class Stage {
  /** @param {HTMLElement} root Holds one `[data-orb]` for each speaker. */
  constructor(root) {
    this.motion = matchMedia('(prefers-reduced-motion: reduce)');
    this.orbs = SPEAKERS.map((speaker) => {
      const figure = /** @type {HTMLElement} */ (root.querySelector(`[data-orb="${speaker}"]`));
      const canvas = /** @type {HTMLCanvasElement} */ (figure.querySelector('canvas'));
      const name = /** @type {HTMLElement} */ (figure.querySelector('[data-name]'));
      const word = /** @type {HTMLElement} */ (figure.querySelector('[data-word]'));
      const ctx = canvas.getContext('2d');
      return { speaker, figure, canvas, name, word, ctx, level: 0, shown: '', size: 0, scale: 1, color: '#888888', ink: '#ffffff', drawn: '' };
    });
    this.running = 0;
    /** @type {StudioState['orbs'] | null} */
    this.states = null;
    // Sizes and colours are read when they change, not at every drawing: asking would lay out the page each time.
    const sizes = new ResizeObserver(() => this.#measure());
    for (const { canvas } of this.orbs) sizes.observe(canvas);
    for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)']) {
      matchMedia(query).addEventListener('change', () => this.#measure());
    }
  }

  #measure() {
    for (const orb of this.orbs) {
      const style = getComputedStyle(orb.figure);
      orb.color = style.getPropertyValue('--voice').trim();
      orb.ink = style.getPropertyValue('--ink').trim();
      orb.size = orb.canvas.clientWidth;
      orb.scale = Math.min(SCALE_MAX, devicePixelRatio || 1);
      const edge = Math.round(orb.size * orb.scale);
      // Setting it empties the canvas, even to the same value.
      if (orb.canvas.width !== edge) orb.canvas.width = orb.canvas.height = edge;
      orb.drawn = '';
    }
  }

  /** @param {StudioState} state */
  render(state) {
    this.states = state.orbs;
    for (const { speaker, figure, name, word } of this.orbs) {
      const orb = state.orbs[speaker];
      const text = state.lost ? 'Not connected' : STATE_WORDS[orb];
      figure.dataset.state = orb;
      figure.setAttribute('aria-label', `${state.names[speaker]}: ${text}`);
      name.textContent = state.names[speaker];
      word.textContent = text;
    }
  }

  /**
   * Draws until `stop`.
   * @param {() => Record<Speaker, number>} levels Effective values now, 0 to 1.
   */
  start(levels) {
    this.stop();
    const step = (/** @type {number} */ ms) => {
      this.#draw(levels(), ms / 1000);
      this.running = requestAnimationFrame(step);
    };
    this.running = requestAnimationFrame(step);
  }

  stop() {
    cancelAnimationFrame(this.running);
  }

  /** @param {Record<Speaker, number>} levels @param {number} time */
  #draw(levels, time) {
    const still = this.motion.matches;
    for (const orb of this.orbs) {
      const target = Math.min(1, levels[orb.speaker] / LEVEL_FULL);
      orb.level += (target - orb.level) * (target > orb.level ? RISE : FALL);
      // A still level moves in steps that can be read, and not at all when there is nothing to show.
      const level = still ? Math.round(orb.level * 10) / 10 : orb.level;
      const shown = level.toFixed(1);
      if (shown !== orb.shown) orb.figure.style.setProperty('--level', shown);
      orb.shown = shown;
      const { ctx, size, scale, color, ink } = orb;
      if (!ctx || size === 0) continue;
      const look = { shape: orb.speaker, state: this.states?.[orb.speaker] ?? 'idle', level, time, size, still, color, ink };
      const key = still ? `${look.state} ${level}` : '';
      if (still && key === orb.drawn) continue;
      orb.drawn = key;
      ctx.setTransform(scale, 0, 0, scale, 0, 0);
      draw(ctx, look);
    }
  }
}
