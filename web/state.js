// What the page knows: a pure reducer over server messages and the page's own events.
/** @import {Caption, Decision, LocalEvent, ServerMessage, Speaker, StudioState} from './types' */
import { sentence } from './api.js';
import { closeFailure, GAVE_UP } from './failures.js';
import { isAnswer } from './show.js';

/** Captions kept: half an hour of lively talk. A snapshot of the server brings the last 50. */
export const CAPTIONS_MAX = 200;

/** Reasons and figures of replies that are kept: more than a panel shows. */
const HISTORY_MAX = 50;

/** The server closed on purpose and for good: the session ended, or it failed. */
const FINAL_CODES = [1000, 1011];
/** Nobody closed it on purpose: the machine went away, or the network did. */
const LOST_CODES = [1001, 1005, 1006];

/** In the order of every list on the wire. @type {Speaker[]} */
export const SPEAKERS = ['you', 'claude', 'guest'];

/** @returns {StudioState} */
export function initialState() {
  return {
    screen: 'start',
    sessionId: '',
    episodeId: '',
    title: '',
    names: { you: 'You', claude: 'Claude', guest: 'Guest' },
    orbs: { you: 'idle', claude: 'idle', guest: 'idle' },
    captions: [],
    autopilot: false,
    muted: false,
    recording: false,
    clock: null,
    notice: '',
    failure: null,
    microphoneGone: null,
    lost: false,
    canResume: false,
    metrics: null,
    history: [],
    decisions: [],
    canDirect: false,
    segment: null,
    strikes: [],
    whispers: [],
    markers: [],
    plan: [],
    language: '',
    nominee: null,
    held: false,
    retryAt: null,
    files: [],
  };
}

/**
 * The state after an event. Unknown events change nothing.
 * @param {StudioState} state
 * @param {ServerMessage | LocalEvent} event
 * @param {number} pageMs The page's clock when it came.
 * @returns {StudioState}
 */
export function reduce(state, event, pageMs) {
  switch (event.type) {
    case 'session.ready':
      return {
        ...state, screen: 'live', lost: false, retryAt: null, failure: null, notice: event.resumed ? 'Connected again.' : '',
        sessionId: event.sessionId, episodeId: event.episodeId, names: namesOf(event.names, state.names),
      };
    case 'state.snapshot':
      return {
        ...state,
        orbs: event.orbStates,
        captions: event.captions.slice(-CAPTIONS_MAX).reduce(withCaption, state.captions),
        autopilot: event.autopilot,
        title: event.session.title,
        names: namesOf(event.session.names, state.names),
        language: event.session.language || state.language,
        muted: event.session.muted,
        recording: event.session.recording,
        clock: { sessionMs: event.session.nowMs, pageMs },
        canDirect: event.strikes !== undefined,
        segment: event.segment ?? null,
        strikes: event.strikes ?? state.strikes,
      };
    case 'orb.state':
      return {
        ...state, orbs: { ...state.orbs, [event.speaker]: event.state },
        nominee: event.speaker === state.nominee && event.state === 'speaking' ? null : state.nominee,
      };
    case 'caption':
      return { ...state, captions: withCaption(state.captions, event) };
    case 'autopilot':
      return { ...state, autopilot: event.enabled };
    case 'turn.metrics':
      return {
        ...state, metrics: event,
        history: isAnswer(state.decisions, event.turn) ? [...state.history, event].slice(-HISTORY_MAX) : state.history,
      };
    case 'floor.grant': {
      const { turn, speaker, reason, scores } = event;
      return decided(state, { kind: 'grant', turn, speaker, reason, scores });
    }
    case 'floor.deny': {
      const { speaker, reason, scores } = event;
      return decided(state, { kind: 'deny', speaker, reason, scores });
    }
    case 'director': {
      const { turn, speaker, step, reason, scores } = event;
      return decided(state, { kind: 'move', turn, speaker, step, reason, scores });
    }
    case 'segment': {
      const { index, title, goal, minutes, since, reason } = event;
      return { ...state, segment: { index, title, goal, minutes, since, reason }, notice: `Now: ${title}.` };
    }
    case 'strike':
      return {
        ...state, strikes: [...state.strikes, { from: event.from, to: event.to }].slice(-HISTORY_MAX),
        notice: `Struck from the show: ${Math.max(1, Math.round((event.to - event.from) / 1000))} seconds. They stay in the recording, marked.`,
      };
    case 'whisper':
      return {
        ...state, whispers: [...state.whispers, { speaker: event.speaker, text: event.text }].slice(-HISTORY_MAX),
        notice: `${state.names[event.speaker]} has your whisper.`,
      };
    case 'server.ack':
      return { ...state, notice: event.message };
    case 'error':
      return { ...state, failure: { title: sentence(event.message), advice: sentence(event.hint) } };
    case 'recording.ready':
      return { ...state, screen: 'ended', recording: false, lost: false, episodeId: event.episodeId, files: event.files };
    case 'local.start':
      return { ...state, screen: 'connecting', failure: null, microphoneGone: null };
    case 'local.start-failed':
      return { ...state, screen: 'start', failure: event.failure };
    case 'local.mute':
      return { ...state, muted: event.muted };
    case 'local.autopilot':
      return { ...state, autopilot: event.enabled };
    case 'local.talk':
      return { ...state, held: event.held };
    case 'local.nominate':
      return { ...state, nominee: event.speaker };
    case 'local.marker':
      return { ...state, markers: [...state.markers, { ms: event.ms, label: event.label }] };
    case 'local.plan':
      // A show goes on in the language in which it began, whatever its briefing says since.
      return { ...state, plan: event.segments, language: (state.screen === 'live' && state.language) || event.language };
    case 'local.shelf':
      return { ...state, screen: 'shelf', failure: null };
    case 'local.take':
      return { ...state, screen: 'ended', failure: null, episodeId: event.episodeId };
    case 'local.lobby':
      return { ...state, screen: 'start', failure: null };
    case 'local.retry':
      return { ...state, retryAt: event.at };
    case 'local.end':
      return { ...state, screen: 'finishing', failure: null };
    case 'local.notice':
      return { ...state, notice: event.text };
    case 'local.problem':
      return { ...state, failure: event.failure };
    case 'local.microphone':
      return { ...state, microphoneGone: event.failure };
    case 'local.dismiss':
      // What is seen is put away, not what stands behind it.
      return state.failure ? { ...state, failure: null } : { ...state, microphoneGone: null };
    case 'local.reconnect':
      return { ...state, failure: null, retryAt: null, notice: 'Connecting again…' };
    case 'local.closed':
      return closed(state, event.code);
    case 'local.gave-up':
      return { ...state, retryAt: null, notice: '', failure: GAVE_UP };
    default:
      return state;
  }
}

/** @param {StudioState} state @param {Decision} decision @returns {StudioState} */
function decided(state, decision) {
  return { ...state, decisions: [...state.decisions, decision].slice(-HISTORY_MAX) };
}

/**
 * What the banner says: first what the connection suffers from or the studio refused, then that the host is not heard. While
 * there is no connection nobody is, and the microphone is no news.
 * @param {StudioState} state
 */
export const banner = ({ failure, microphoneGone, screen, lost }) => failure ?? (screen === 'live' && !lost ? microphoneGone : null);

/**
 * Whether a caption lies in what is cut from the show.
 * @param {Caption} caption @param {{from: number, to: number}[]} strikes
 */
export const isStruck = ({ isFinal, start, end }, strikes) => isFinal && strikes.some(({ from, to }) => start >= from && end <= to);

/**
 * The socket is gone. Before the session that is a failed start, after it the expected end.
 * @param {StudioState} state
 * @param {number} code
 * @returns {StudioState}
 */
function closed(state, code) {
  if (state.screen === 'ended' || state.screen === 'start' || state.screen === 'shelf') return state;
  // A reason that the server gave in words says more than a number; of a line that broke it is none, however long it stood there.
  const wasTold = state.screen === 'connecting' || !LOST_CODES.includes(code);
  const failure = (wasTold ? state.failure : null) ?? closeFailure(code, state.screen);
  if (state.screen === 'connecting') return { ...state, screen: 'start', failure };
  // What the three do now nobody here knows: no orb goes on speaking.
  const orbs = /** @type {StudioState['orbs']} */ ({ you: 'idle', claude: 'idle', guest: 'idle' });
  return { ...state, orbs, lost: true, held: false, canResume: !FINAL_CODES.includes(code), recording: false, notice: '', failure };
}

/**
 * Captions of one id replace each other until one is final; a final one never changes.
 * @param {Caption[]} captions
 * @param {Caption} caption
 * @returns {Caption[]}
 */
function withCaption(captions, caption) {
  const index = captions.findIndex(({ id }) => id === caption.id);
  if (index < 0) return [...captions, caption].slice(-CAPTIONS_MAX);
  if (captions[index].isFinal) return captions;
  return captions.with(index, caption);
}

/**
 * @param {string[]} names
 * @param {Record<Speaker, string>} before
 * @returns {Record<Speaker, string>}
 */
function namesOf([you, claude, guest], before) {
  return { you: you || before.you, claude: claude || before.claude, guest: guest || before.guest };
}
