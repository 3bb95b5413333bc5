// The list of past recordings, with a search in what was said.
import { recordings } from './api.js';
import { clockText, dateText, sizeText } from './words.js';
/** @import {ListedRecording} from './types' */

/** Typing is waited for this long before a search. */
const TYPING_MS = 200;

const STATES = { 'finished': '', 'on-air': 'on air', 'unfinished': 'unfinished' };

export class Shelf {
  #asked = 0;
  #typing = 0;

  /** @param {HTMLElement} root @param {(error: unknown) => void} onError */
  constructor(root, onError) {
    this.search = /** @type {HTMLInputElement} */ (root.querySelector('input'));
    this.list = /** @type {HTMLElement} */ (root.querySelector('[data-shelf=list]'));
    this.count = /** @type {HTMLElement} */ (root.querySelector('[data-shelf=count]'));
    this.more = /** @type {HTMLButtonElement} */ (root.querySelector('[data-shelf=more]'));
    this.onError = onError;
    this.search.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => void this.load(), TYPING_MS);
    });
    this.more.addEventListener('click', () => void this.load(this.list.childElementCount));
  }

  async load(offset = 0) {
    const mine = ++this.#asked;
    const q = this.search.value.trim();
    try {
      const { recordings: found, total } = await recordings(q, offset);
      if (mine !== this.#asked) return;
      const items = found.map(itemOf);
      if (offset) this.list.append(...items);
      else this.list.replaceChildren(...items);
      this.count.textContent = total === 0
        ? (q ? `Nothing was found for “${q}”.` : 'There are no recordings yet. Hold a session, and it appears here.')
        : `${total} ${total === 1 ? 'recording' : 'recordings'}${q ? ` with “${q}”` : ''}`;
      this.more.hidden = this.list.childElementCount >= total;
    } catch (error) {
      this.onError(error);
    }
  }
}

/** @param {ListedRecording} found */
function itemOf(found) {
  const item = document.createElement('li');
  item.className = 'shelf-item';
  const link = document.createElement('a');
  link.href = `#/recordings/${encodeURIComponent(found.episodeId)}`;
  link.textContent = found.title || found.episodeId;
  const facts = document.createElement('p');
  facts.className = 'shelf-facts';
  // Takes of one show have one title: the name of the folder tells them apart.
  facts.textContent = [
    found.title ? found.episodeId : '',
    found.startedUtc ? dateText(found.startedUtc) : '', found.durationMs === null ? '' : clockText(found.durationMs),
    found.speakers.join(', '), sizeText(found.bytes), STATES[found.state], found.recovered ? 'repaired' : '',
  ].filter(Boolean).join(' · ');
  item.append(link, facts);
  for (const { speaker, startMs, text } of found.matches) {
    const quote = document.createElement('a');
    quote.className = 'shelf-match';
    quote.href = `${link.hash}/${startMs}`;
    const name = document.createElement('b');
    name.textContent = `${clockText(startMs)} ${speaker}`;
    quote.append(name, ` ${text}`);
    item.append(quote);
  }
  if (found.matchCount > found.matches.length) {
    const rest = document.createElement('p');
    rest.className = 'shelf-facts';
    rest.textContent = `and ${found.matchCount - found.matches.length} more places`;
    item.append(rest);
  }
  return item;
}
