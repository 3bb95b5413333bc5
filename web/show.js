// What the panels beside the stage say: plan, shares of talk, reasons, figures. Pure.
/** @import {Caption, Grant, PlanPart, Segment, Share, Speaker, TurnMetrics} from './types' */

/** @type {Speaker[]} */
const SPEAKERS = ['you', 'claude', 'guest'];

/** Why an AI was given the floor. @type {Record<string, (name: string, other: string, host: string) => string>} */
const REASONS = {
  'addressed': (name, _other, host) => `${host} called ${name} by name.`,
  'addressed-first': (name, other, host) => `${host} called both; ${name} was named before ${other}.`,
  'addressed-second': (name, other, host) => `${host} called both; ${other} has spoken, so ${name} follows.`,
  'addressed-by-other': (name, other) => `${other} asked ${name}.`,
  'nominated': (name, _other, host) => `${host} gave ${name} the next word.`,
  'alternation': (name, other) => `Nobody was named; ${name} spoke longer ago than ${other}.`,
  'autopilot': (name) => `Autopilot is on, and it was ${name}’s turn.`,
  'substitution': (name, other) => `${other} could not answer, so ${name} did.`,
};

/**
 * @param {Grant} grant
 * @param {Record<Speaker, string>} names
 */
export function reasonText({ speaker, reason }, names) {
  const other = speaker === 'claude' ? 'guest' : 'claude';
  const text = REASONS[reason];
  return text ? text(names[speaker], names[other], names.you) : `${names[speaker]} was given the floor (${reason}).`;
}

/**
 * How much each has talked, by what was heard.
 * @param {Caption[]} captions
 * @returns {Record<Speaker, Share>}
 */
export function shares(captions) {
  const ms = { you: 0, claude: 0, guest: 0 };
  for (const { speaker, start, end, text } of captions) if (text) ms[speaker] += Math.max(0, end - start);
  const all = SPEAKERS.reduce((sum, speaker) => sum + ms[speaker], 0);
  const share = (/** @type {Speaker} */ speaker) => ({ ms: ms[speaker], share: all ? ms[speaker] / all : 0 });
  return { you: share('you'), claude: share('claude'), guest: share('guest') };
}

/**
 * The plan of the briefing against the clock: parts without a length are open and end only with the show.
 * @param {Segment[]} segments
 * @param {number} nowMs
 * @returns {PlanPart[]}
 */
export function planAt(segments, nowMs) {
  let start = 0;
  let isOpen = false;
  return segments.map(({ title, minutes, goal }) => {
    const length = minutes * 60_000;
    const [from, until] = [start, minutes ? start + length : Infinity];
    start = until;
    const state = isOpen || nowMs < from ? 'next' : nowMs < until ? 'now' : 'done';
    if (until === Infinity) isOpen = true;
    const progress = state === 'done' ? 1 : state === 'now' && minutes ? (nowMs - from) / length : 0;
    return { title, goal, minutes, state, progress };
  });
}

/**
 * The middle and the slow end of how long the host waited.
 * @param {TurnMetrics[]} history
 * @param {keyof TurnMetrics} field
 * @returns {{p50: number, p95: number} | null}
 */
export function percentiles(history, field) {
  const values = history.map((metrics) => metrics[field]).filter((value) => typeof value === 'number').sort((a, b) => a - b);
  if (values.length === 0) return null;
  const at = (/** @type {number} */ share) => values[Math.min(values.length - 1, Math.ceil(share * values.length) - 1)];
  return { p50: at(0.5), p95: at(0.95) };
}
