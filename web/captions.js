// What was said, as text. Final captions enter a live region once; what still changes stays outside it, or screen
// readers would stammer over the show.
import { setLanguage } from './language.js';
import { isStruck } from './state.js';
import { clockText } from './words.js';
/** @import {Caption, Speaker, StudioState} from './types' */

/** So near to the end counts as reading along. */
const FOLLOW_PX = 48;
/** How long struck words are seen. */
const STRUCK_MS = 1600;

export class Captions {
  /** @type {Map<number, HTMLElement>} */ #finals = new Map();
  /** @type {Map<number, {row: HTMLElement, key: string}>} */ #interims = new Map();
  /** What the rows that are there were labelled with. @type {{names: StudioState['names'] | null, language: string}} */
  #labels = { names: null, language: '' };

  /** @param {HTMLElement} scroller @param {HTMLElement} log @param {HTMLElement} interim */
  constructor(scroller, log, interim) {
    this.scroller = scroller;
    this.log = log;
    this.interim = interim;
    this.isFollowing = true;
    let top = 0;
    scroller.addEventListener('scroll', () => {
      // Only who moves up wants to read on; a window that became smaller moves nobody.
      if (scroller.scrollTop < top - 1) this.isFollowing = false;
      if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < FOLLOW_PX) this.isFollowing = true;
      top = scroller.scrollTop;
    });
    const sizes = new ResizeObserver(() => this.#follow());
    for (const part of [scroller, log, interim]) sizes.observe(part);
  }

  #follow() {
    if (this.isFollowing) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** @param {StudioState} state */
  render({ captions, names, strikes, language }) {
    this.#relabel(names, language);
    for (const caption of captions) {
      if (caption.isFinal) this.#renderFinal(caption);
      else this.#renderInterim(caption);
      const row = this.#finals.get(caption.id);
      if (row && strikes.length > 0) markStruck(row, isStruck(caption, strikes));
    }
    const shown = new Set(captions.map(({ id }) => id));
    for (const [id, { row }] of this.#interims) {
      if (!shown.has(id)) this.#forget(id, row);
    }
    this.#follow();
  }

  /** Another session: nothing of the last one stays. */
  clear() {
    this.#finals.clear();
    this.#interims.clear();
    this.log.replaceChildren();
    this.interim.replaceChildren();
  }

  /**
   * After a reload captions come before names, and the plan with the language later still: what is there is set right.
   * @param {StudioState['names']} names @param {string} language
   */
  #relabel(names, language) {
    if (this.#labels.names === names && this.#labels.language === language) return;
    this.#labels = { names, language };
    for (const row of [...this.#finals.values(), ...[...this.#interims.values()].map(({ row }) => row)]) this.#label(row);
  }

  /** @param {HTMLElement} row */
  #label(row) {
    const { names, language } = this.#labels;
    const name = /** @type {HTMLElement} */ (row.firstElementChild);
    const text = names?.[/** @type {Speaker} */ (row.dataset.speaker)] ?? '';
    if (name.textContent !== text) name.textContent = text;
    setLanguage(row, language);
  }

  /** @param {Caption} caption */
  #rowOf(caption) {
    const row = rowOf(caption);
    this.#label(row);
    return row;
  }

  /** @param {Caption} caption */
  #renderFinal(caption) {
    if (this.#finals.has(caption.id)) return;
    const before = this.#interims.get(caption.id);
    if (before) this.#forget(caption.id, before.row);
    const row = this.#rowOf(caption);
    this.#finals.set(caption.id, row);
    // Nobody heard a word of it: nothing to read.
    if (!caption.text.trim()) return;
    if (caption.cut && before) this.#strike(row, before.row);
    this.log.append(row);
  }

  /** What was about to be said is struck out where the cut was, and goes. @param {HTMLElement} row @param {HTMLElement} before */
  #strike(row, before) {
    const unheard = [...before.querySelectorAll('.pending')].map(({ textContent }) => textContent).join(' ');
    if (!unheard) return;
    const struck = document.createElement('del');
    struck.className = 'struck';
    struck.setAttribute('aria-hidden', 'true');
    struck.textContent = ` ${unheard}`;
    row.append(struck);
    setTimeout(() => struck.remove(), STRUCK_MS);
  }

  /** @param {Caption} caption */
  #renderInterim(caption) {
    const key = `${caption.text}\n${caption.pending ?? ''}`;
    const before = this.#interims.get(caption.id);
    if (before?.key === key) return;
    const row = before?.row ?? this.#rowOf(caption);
    // The words stay where they are and only change their tone: that is how they light up as they are heard.
    if (before) writeWords(/** @type {HTMLElement} */ (row.querySelector('.caption-text')), partsOf(caption));
    else this.interim.append(row);
    this.#interims.set(caption.id, { row, key });
  }

  /** @param {number} id @param {HTMLElement} row */
  #forget(id, row) {
    row.remove();
    this.#interims.delete(id);
  }
}

/**
 * The parts of a caption's line, as plain values so that a test needs no page.
 * @param {Caption} caption
 * @returns {{kind: 'heard' | 'pending' | 'cut', text: string}[]}
 */
export function partsOf(caption) {
  /** @type {{kind: 'heard' | 'pending' | 'cut', text: string}[]} */
  const parts = [];
  if (caption.text) parts.push({ kind: 'heard', text: caption.text });
  if (caption.pending && !caption.isFinal) parts.push({ kind: 'pending', text: caption.pending });
  if (caption.cut) parts.push({ kind: 'cut', text: 'cut off' });
  return parts;
}

/** A row, but for its name and its language. @param {Caption} caption */
function rowOf(caption) {
  const row = document.createElement('p');
  row.className = 'caption';
  row.dataset.speaker = caption.speaker;
  row.dataset.final = String(caption.isFinal);
  const name = document.createElement('b');
  const text = document.createElement('span');
  text.className = 'caption-text';
  writeWords(text, partsOf(caption));
  // For the eye: read aloud with every line it would be in the way of the words.
  const time = document.createElement('time');
  time.className = 'caption-time';
  time.setAttribute('aria-hidden', 'true');
  time.textContent = clockText(caption.start);
  row.append(name, ' ', text, ' ', time);
  return row;
}

/** What is cut from the show stays to be read, struck through and said so. @param {HTMLElement} row @param {boolean} struck */
function markStruck(row, struck) {
  if (!struck || row.dataset.struck) return;
  row.dataset.struck = 'true';
  const word = document.createElement('span');
  word.className = 'cut';
  word.lang = 'en';
  word.textContent = 'struck';
  row.querySelector('.caption-text')?.append(' ', word);
}

/** A span a word; those that are there already are kept. @param {HTMLElement} text @param {ReturnType<typeof partsOf>} parts */
function writeWords(text, parts) {
  const words = parts.flatMap(({ kind, text: part }) => (kind === 'cut' ? [part] : part.split(/\s+/).filter(Boolean)).map((word) => ({ kind, word })));
  words.forEach(({ kind, word }, i) => {
    let span = /** @type {HTMLElement | undefined} */ (text.children[i]);
    if (!span) {
      span = document.createElement('span');
      text.append(i ? ' ' : '', span);
    }
    if (span.className !== kind) span.className = kind;
    setLanguage(span, kind === 'cut' ? 'en' : '');
    if (span.textContent !== word) span.textContent = word;
  });
  while (text.children.length > words.length) {
    text.lastElementChild?.previousSibling?.remove();
    text.lastElementChild?.remove();
  }
}
