// The panels beside the stage: plan, shares, reasons, figures. `show.js` has what they say.
import { percentiles, planAt, reasonText, shares } from './show.js';
import { SPEAKERS } from './state.js';
import { clockText } from './words.js';
/** @import {StudioState} from './types' */

export class Panels {
  #key = '';

  /** @param {HTMLElement} root */
  constructor(root) {
    const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(`[data-panel="${name}"]`));
    this.plan = part('plan');
    this.planBox = part('plan-box');
    this.balance = part('balance');
    this.why = part('why');
    this.marks = part('marks');
    this.marksBox = part('marks-box');
    this.figures = part('figures');
  }

  /** @param {StudioState} state @param {number} nowMs @param {{roundTripMs: number | null, skipped: number}} link */
  render(state, nowMs, link) {
    this.#renderPlan(state, nowMs);
    const talk = shares(state.captions);
    const key = JSON.stringify([SPEAKERS.map((speaker) => Math.round(talk[speaker].share * 100)), state.names, state.grants.length,
      state.markers.length, state.history.length, link, state.metrics?.turn]);
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
    const last = state.grants.slice(-4).toReversed();
    this.why.replaceChildren(...(last.length ? last.map((grant) => {
      const row = make('li', 'reason', reasonText(grant, state.names));
      row.dataset.speaker = grant.speaker;
      return row;
    }) : [make('li', 'reason soft', 'When one of the two speaks, the reason stands here.')]));
    this.marksBox.hidden = state.markers.length === 0;
    this.marks.replaceChildren(...state.markers.slice(-6).toReversed().map(({ ms, label }) => make('li', 'mark', `${clockText(ms)} ${label}`.trim())));
    const rows = /** @type {[string, string][]} */ ([
      ['Heard after you stopped', span(percentiles(state.history, 'firstHeardMs'))],
      ['of it until your turn was over', span(percentiles(state.history, 'endOfTurnMs'))],
      ['of it until the first word', span(percentiles(state.history, 'firstTextMs'))],
      ['Way to the studio', link.roundTripMs === null ? '–' : `${Math.round(link.roundTripMs)} ms`],
      ['Sound not sent', `${link.skipped} frames`],
    ]);
    this.figures.replaceChildren(...rows.flatMap(([term, text]) => [make('dt', '', term), make('dd', '', text)]));
  }

  /** @param {StudioState} state @param {number} nowMs */
  #renderPlan({ plan }, nowMs) {
    this.planBox.hidden = plan.length === 0;
    const parts = planAt(plan, nowMs);
    if (this.plan.childElementCount !== parts.length) {
      this.plan.replaceChildren(...parts.map(({ title, minutes, goal }) => {
        const row = make('li', 'part', make('b', '', title), make('span', 'part-length', minutes ? `${minutes} min` : 'open'), make('i', 'part-bar'));
        if (goal) row.append(make('span', 'part-goal', goal));
        return row;
      }));
    }
    parts.forEach(({ state, progress }, i) => {
      const row = /** @type {HTMLElement} */ (this.plan.children[i]);
      row.dataset.state = state;
      if (state === 'now') row.setAttribute('aria-current', 'step');
      else row.removeAttribute('aria-current');
      row.style.setProperty('--share', progress.toFixed(3));
    });
  }
}

/** @param {{p50: number, p95: number} | null} found */
const span = (found) => (found ? `${Math.round(found.p50)} ms, slowest ${Math.round(found.p95)}` : '–');

/** @param {string} tag @param {string} className @param {...(string | Node)} children */
function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}
