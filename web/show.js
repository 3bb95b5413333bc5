// What the panels beside the stage say: plan, shares of talk, reasons, figures. Pure.
/** @import {AiSpeaker, Caption, CurrentSegment, Decision, PlanPart, Segment, Share, Speaker, TurnMetrics} from './types' */

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
  'follow-up': (name, _other, host) => `Nobody was named; ${host} asked on about what ${name} had just said.`,
  'asked-host': (name, _other, host) => `Nobody was named; ${name} had asked, and ${host} answered.`,
  'balance': (name, other) => `Nobody was named; ${name} had talked less than ${other} of late.`,
  'role': (name) => `Nobody was named; it is ${name}’s subject.`,
  'autopilot': (name) => `Autopilot is on, and it was ${name}’s turn.`,
  'substitution': (name, other) => `${other} could not answer, so ${name} did.`,
};

/** Why nobody was. @type {Record<string, (name: string) => string>} */
const DENIALS = {
  'autopilot_max_turns': () => 'Autopilot has come to its most turns and waits for you.',
  'hand_overs_max': () => 'The two have handed over to each other often enough and wait for you.',
  'services_fail': (name) => `${name}’s service fails; it is tried again when you speak.`,
  'back_channel': (name) => `That was only a sound of listening; ${name} need not answer.`,
  'show_is_wrapped_up': () => 'The show has been closed; it goes on when you speak.',
};

/** What the director has the next speaker do. @type {Record<string, (name: string, other: string) => string>} */
const STEPS = {
  'go-on': (name) => `${name} goes on`,
  'ask-other': (name, other) => `${name} ends with a question to ${other}`,
  'shorten': (name, other) => `${name} is brief and hands over to ${other}`,
  'elaborate': (name) => `${name} says more about it`,
  'new-angle': (name) => `${name} takes up another side of it`,
  'next-segment': (name) => `${name} leads over to the next part`,
  'wrap-up': (name) => `${name} closes the show`,
};

/** And why. @type {Record<string, string>} */
const MOVES = {
  'flow': 'the talk flows',
  'nobody_asked': 'nobody has asked anything for a while',
  'share_high': 'it talked more than its share',
  'share_low': 'it talked less than its share',
  'monologue_long': 'the last turn was long',
  'repetition': 'the talk repeats itself',
  'topic_exhausted': 'little new was said of late',
  'segment_time_over': 'the part’s minutes are over',
  'show_time_over': 'the show’s minutes are over',
};

/**
 * A decision of the engine in words. One that this page does not know is not hidden.
 * @param {Decision} decision
 * @param {Record<Speaker, string>} names
 */
export function reasonText(decision, names) {
  const { speaker, reason } = decision;
  const [name, other] = [names[speaker], names[speaker === 'claude' ? 'guest' : 'claude']];
  if (decision.kind === 'move') {
    const step = STEPS[decision.step]?.(name, other) ?? `${name}: ${decision.step}`;
    return `${step}: ${MOVES[reason] ?? reason}.`;
  }
  if (decision.kind === 'deny') return DENIALS[reason]?.(name) ?? `${name} was not given the floor (${reason}).`;
  return REASONS[reason]?.(name, other, names.you) ?? `${name} was given the floor (${reason}).`;
}

/** What the engine looked at, by the names it uses. @type {[string, (value: number) => string][]} */
const FIGURES = [
  ['novelty', (value) => `new ${Math.round(value / 10)} %`],
  ['overlap', (value) => `said before ${Math.round(value / 10)} %`],
  ['share', (value) => `share of talk ${Math.round(value / 10)} %`],
  ['monologueMs', (value) => `last turn ${Math.round(value / 1000)} s`],
  ['remainingMs', (value) => `part has ${Math.max(0, Math.ceil(value / 60_000))} min left`],
];

/**
 * The numbers behind a decision, for whoever wants to know; empty where there are none.
 * @param {Decision} decision
 * @param {Record<Speaker, string>} names
 */
export function scoresText({ kind, scores }, names) {
  if (!scores) return '';
  if (kind === 'move') {
    return FIGURES.flatMap(([field, text]) => (typeof scores[field] === 'number' ? [text(/** @type {number} */ (scores[field]))] : [])).join(', ');
  }
  return (/** @type {AiSpeaker[]} */ (['claude', 'guest'])).flatMap((speaker) => {
    const own = /** @type {{talkMs?: unknown, role?: unknown} | undefined} */ (scores[speaker]);
    return typeof own?.talkMs === 'number' ? [`${names[speaker]} talked ${Math.round(own.talkMs / 1000)} s`] : [];
  }).join(', ');
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
 * The plan of the briefing: where the studio says that the show is, and by the clock alone where it does not. Parts
 * without a length are open: they end only when the show moves on.
 * @param {Segment[]} segments
 * @param {number} nowMs
 * @param {CurrentSegment | null} [current]
 * @returns {PlanPart[]}
 */
export function planAt(segments, nowMs, current) {
  if (current) {
    return segments.map(({ title, minutes, goal }, i) => {
      const state = i < current.index ? 'done' : i === current.index ? 'now' : 'next';
      const share = minutes ? Math.min(1, Math.max(0, (nowMs - current.since) / (minutes * 60_000))) : 0;
      return { title, goal, minutes, state, progress: state === 'done' ? 1 : state === 'now' ? share : 0 };
    });
  }
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

/** Reasons for a word after the other AI's: the host did not wait for it. */
const FOLLOWING = ['addressed-second', 'addressed-by-other', 'autopilot'];

/**
 * Whether a turn answers the host's own. The figures of all turns are counted from the host's last word, so those of a
 * word after another AI's hold that AI's whole speech.
 * @param {Decision[]} decisions
 * @param {number} turn
 */
export function isAnswer(decisions, turn) {
  const grant = decisions.findLast((decision) => decision.kind === 'grant' && decision.turn === turn);
  if (!grant) return false;
  return typeof grant.scores?.aiTurns === 'number' ? grant.scores.aiTurns === 0 : !FOLLOWING.includes(grant.reason);
}

/**
 * The middle one and the slowest of how long the host waited.
 * @param {TurnMetrics[]} history
 * @param {keyof TurnMetrics} field
 * @returns {{middle: number, slowest: number} | null}
 */
export function waits(history, field) {
  const values = history.map((metrics) => metrics[field]).filter((value) => typeof value === 'number').sort((a, b) => a - b);
  if (values.length === 0) return null;
  return { middle: values[Math.ceil(values.length / 2) - 1], slowest: values[values.length - 1] };
}
