// The panels beside the stage: plan, shares, reasons, figures. `show.js` has what they say.
import { figureRows } from './elements.js';
import { setLanguage } from './language.js';
import { planAt, reasonText, scoresText, shares, waits } from './show.js';
import { SPEAKERS } from './state.js';
import { clockText } from './words.js';
/** @import {AiSpeaker, StudioState} from './types' */

export class Panels {
  #key = '';

  /**
   * @param {HTMLElement} root
   * @param {{onSegment: (index: number) => void, onWhisper: (speaker: AiSpeaker, text: string) => void}} does What the host orders here.
   */
  constructor(root, { onSegment, onWhisper }) {
    const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(`[data-panel="${name}"]`));
    this.plan = part('plan');
    this.planBox = part('plan-box');
    this.balance = part('balance');
    this.why = part('why');
    this.marks = part('marks');
    this.marksBox = part('marks-box');
    this.figures = part('figures');
    this.next = part('next');
    this.nextBox = part('next-box');
    this.whispers = part('whispers');
    this.whisperBox = part('whisper-box');
    this.onSegment = onSegment;
    /** @type {[AiSpeaker, HTMLElement][]} */
    this.ears = [];
    for (const speaker of /** @type {AiSpeaker[]} */ (['claude', 'guest'])) {
      const form = /** @type {HTMLFormElement} */ (root.querySelector(`[data-whisper="${speaker}"]`));
      const field = /** @type {HTMLInputElement} */ (form.querySelector('input'));
      this.ears.push([speaker, /** @type {HTMLElement} */ (form.querySelector('[data-name]'))]);
      form.addEventListener('submit', (event) => {
        event.preventDefault();
        const text = field.value.trim();
        if (!text) return;
        onWhisper(speaker, text);
        field.value = '';
      });
      // Back to the show: the keys work again.
      field.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape') return;
        // There it would interrupt whoever speaks.
        event.stopPropagation();
        field.blur();
      });
    }
  }

  /** Puts the cursor where a whisper is written. */
  whisper() {
    /** @type {HTMLInputElement | null} */ (this.whispers.parentElement?.querySelector('input'))?.focus();
  }

  /** @param {StudioState} state @param {number} nowMs */
  render(state, nowMs) {
    this.#renderPlan(state, nowMs);
    const talk = shares(state.captions);
    const key = JSON.stringify([SPEAKERS.map((speaker) => Math.round(talk[speaker].share * 100)), state.names, state.decisions.length, state.decisions.at(-1), state.whispers.length,
      state.markers.length, state.history.length, state.metrics?.turn]);
    if (key === this.#key) return;
    this.#key = key;
    this.balance.replaceChildren(...SPEAKERS.map((speaker) => {
      const percent = Math.round(talk[speaker].share * 100);
      const row = make('li', 'share', make('b', '', state.names[speaker]), make('span', 'share-number', `${percent} %`));
      row.dataset.speaker = speaker;
      const bar = make('i', 'share-bar');
      bar.style.setProperty('--share', String(talk[speaker].share));
      row.append(bar);
      return row;
    }));
    const last = state.decisions.filter(({ kind }) => kind !== 'move').slice(-4).toReversed();
    this.why.replaceChildren(...(last.length ? last.map((decision) => this.#reason(decision, state.names))
      : [make('li', 'reason soft', 'When one of the two speaks, the reason stands here.')]));
    const move = state.autopilot ? state.decisions.findLast(({ kind }) => kind === 'move') : undefined;
    this.nextBox.hidden = !move;
    if (move) this.next.replaceChildren(this.#reason(move, state.names));
    for (const [speaker, name] of this.ears) name.textContent = state.names[speaker];
    this.whispers.replaceChildren(...state.whispers.slice(-3).toReversed().map(({ speaker, text }) => {
      const row = make('li', 'reason', make('b', '', `${state.names[speaker]}: `), text);
      row.dataset.speaker = speaker;
      return row;
    }));
    this.marksBox.hidden = state.markers.length === 0;
    this.marks.replaceChildren(...state.markers.slice(-6).toReversed().map(({ ms, label }) => make('li', 'mark', `${clockText(ms)} ${label}`.trim())));
    this.figures.replaceChildren(...figureRows([
      ['From your last word to its voice', span(waits(state.history, 'firstHeardMs'))],
      ['until it knew that you had finished', span(waits(state.history, 'endOfTurnMs'))],
      ['until its words were there', span(waits(state.history, 'firstTextMs'))],
    ]));
  }

  /** @param {import('./types').Decision} decision @param {StudioState['names']} names */
  #reason(decision, names) {
    const row = make('li', 'reason', reasonText(decision, names));
    row.dataset.speaker = decision.speaker;
    const scores = scoresText(decision, names);
    if (scores) row.append(make('small', '', scores));
    return row;
  }

  /** @param {StudioState} state @param {number} nowMs */
  #renderPlan({ plan, segment, lost, canDirect, language }, nowMs) {
    setLanguage(this.plan, language);
    this.whisperBox.hidden = !canDirect;
    this.planBox.hidden = plan.length === 0;
    const parts = planAt(plan, nowMs, segment);
    if (this.plan.childElementCount !== parts.length) {
      this.plan.replaceChildren(...parts.map(({ title, minutes, goal }, index) => {
        const go = /** @type {HTMLButtonElement} */ (make('button', 'part-go', title));
        go.type = 'button';
        // The one that is on goes on.
        go.addEventListener('click', () => { if (!go.hasAttribute('aria-current')) this.onSegment(index); });
        const row = make('li', 'part', go, make('span', 'part-length', minutes ? `${minutes} min` : 'open'), make('i', 'part-bar'));
        if (goal) row.append(make('span', 'part-goal', goal));
        return row;
      }));
    }
    parts.forEach(({ state, progress }, i) => {
      const row = /** @type {HTMLElement} */ (this.plan.children[i]);
      row.dataset.state = state;
      const go = /** @type {HTMLButtonElement} */ (row.firstElementChild);
      go.disabled = lost || (!canDirect && state !== 'now');
      if (state === 'now') go.setAttribute('aria-current', 'step');
      else go.removeAttribute('aria-current');
      row.style.setProperty('--share', progress.toFixed(3));
    });
  }
}

/** @param {{middle: number, slowest: number} | null} found */
const span = (found) => (found ? `${Math.round(found.middle)} ms, slowest ${Math.round(found.slowest)} ms` : '–');

/** @param {string} tag @param {string} className @param {...(string | Node)} children */
function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}
