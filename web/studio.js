// The wiring: events of the socket, the audio and the controls go through one reducer, and one render shows the state.
import { isSupported, openAudio } from './audio.js';
import { Captions } from './captions.js';
import { MICROPHONE_GONE, startFailure, UNSUPPORTED } from './failures.js';
import { renderFiles } from './files.js';
import { actionOf, isField, KEYS } from './keys.js';
import { Session, socketUrl } from './session.js';
import { SoundWay } from './sound-way.js';
import { Stage } from './stage.js';
import { StartForm } from './start.js';
import { initialState, reduce } from './state.js';
import { clockText } from './words.js';
/** @import {Audio} from './audio.js' */
/** @import {Choice} from './start.js' */
/** @import {AiSpeaker, LocalEvent, PositionReport, ServerMessage, StudioState} from './types' */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

const page = {
  timer: element('timer', HTMLElement),
  title: element('title', HTMLElement),
  record: element('record', HTMLElement),
  recordWord: element('record-word', HTMLElement),
  notice: element('notice', HTMLElement),
  failure: element('failure', HTMLElement),
  failureTitle: element('failure-title', HTMLElement),
  failureAdvice: element('failure-advice', HTMLElement),
  dismiss: element('dismiss', HTMLButtonElement),
  reconnect: element('reconnect', HTMLButtonElement),
  mute: element('mute', HTMLButtonElement),
  interrupt: element('interrupt', HTMLButtonElement),
  autopilot: element('autopilot', HTMLButtonElement),
  end: element('end', HTMLButtonElement),
  help: element('help', HTMLButtonElement),
  helpDialog: element('help-dialog', HTMLDialogElement),
  helpKeys: element('help-keys', HTMLElement),
  endDialog: element('end-dialog', HTMLDialogElement),
  files: element('files', HTMLElement),
  endSummary: element('end-summary', HTMLElement),
  again: element('again', HTMLButtonElement),
  restart: element('restart', HTMLButtonElement),
};

/** Parts of the page that belong to one screen. */
const screens = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-for]')]);

/** How often the recording time is written. */
const TIMER_MS = 250;

let state = initialState();
/** @type {Session | null} */
let session = null;
/** @type {Audio | null} */
let audio = null;

const stage = new Stage(element('stage', HTMLElement));
const captions = new Captions(
  element('captions', HTMLElement), element('captions-final', HTMLElement), element('captions-interim', HTMLElement));
const startForm = new StartForm(element('start-form', HTMLFormElement), (choice) => void start(choice));

const soundWay = new SoundWay(element('sound', HTMLElement), (message) => session?.send(message));

/** @param {ServerMessage | LocalEvent} event */
function dispatch(event) {
  const before = state;
  state = reduce(state, event, performance.now());
  if (state !== before) render(before);
}

// ── The session ──────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {Choice} choice */
async function start({ participantName, briefing, hasHeadphones }) {
  if (state.screen !== 'start') return;
  dispatch({ type: 'local.start' });
  try {
    if (!isSupported()) throw UNSUPPORTED;
    audio = await openAudio(hasHeadphones, {
      onFrame: (frame) => { if (!soundWay.isUp) session?.sendAudio(frame); },
      onPosition: reportPosition,
      onMicrophoneGone: () => dispatch({ type: 'local.problem', failure: MICROPHONE_GONE }),
    });
  } catch (error) {
    dispatch({ type: 'local.start-failed', failure: error === UNSUPPORTED ? UNSUPPORTED : startFailure(error) });
    return;
  }
  const hello = {
    participantName, episodeId: '', briefing,
    audio: { codec: /** @type {const} */ ('pcm'), sampleRate: audio.context.sampleRate },
  };
  soundWay.open(audio.context, audio.capture.stream);
  session = new Session(socketUrl(location.href), hello, {
    onMessage: receive,
    onAudio: (frame) => audio?.playback.play(frame),
    onClose(code) {
      soundWay.drop();
      dispatch({ type: 'local.closed', code });
      if (state.screen === 'finishing') closeAudio();
    },
  });
  session.connect();
}

/** @param {ServerMessage} message */
function receive(message) {
  if (soundWay.take(message)) return;
  switch (message.type) {
    case 'audio.duck':
    case 'audio.pause':
    case 'audio.resume':
    case 'audio.flush':
      audio?.playback.obey(message);
      return;
    default:
      dispatch(message);
  }
}

/**
 * Both numbers are of one instant of the audio context's clock: see `playhead.js`.
 * @param {AiSpeaker} speaker
 * @param {PositionReport} report
 */
function reportPosition(speaker, { turn, played, frame, flushed }) {
  session?.send({
    type: 'client.playout', speaker, turn, playedSamples: played, captureSample: audio?.capture.counterAt(frame), flushed,
  });
}

const actions = {
  mute() {
    const muted = !state.muted;
    audio?.capture.mute(muted);
    session?.send({ type: 'client.mute', muted });
    dispatch({ type: 'local.mute', muted });
  },
  interrupt() {
    session?.send({ type: 'client.interrupt' });
  },
  autopilot() {
    const enabled = !state.autopilot;
    session?.send({ type: 'client.toggle-autopilot', enabled });
    dispatch({ type: 'local.autopilot', enabled });
  },
  help() {
    page.helpDialog.showModal();
  },
};

function end() {
  dispatch({ type: 'local.end' });
  session?.send({ type: 'client.end' });
}

/** Lets go of the microphone and the voices: the host sees in the browser that nothing listens any more. */
function closeAudio() {
  soundWay.close();
  audio?.close();
  audio = null;
}

// ── What is shown ────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {StudioState} before */
function render(before) {
  const screen = state.screen === 'connecting' ? 'start' : state.screen;
  document.body.dataset.screen = screen;
  for (const part of screens) part.hidden = part.dataset.for !== screen;
  startForm.render(state.screen === 'connecting');
  stage.render(state);
  captions.render(state);
  show(page.title, state.title || 'Live');
  page.record.dataset.on = String(state.recording);
  show(page.recordWord, state.recording ? 'REC' : state.lost ? 'Not connected' : 'Not recording');
  show(page.notice, state.notice);
  press(page.mute, state.muted, state.muted ? 'Unmute' : 'Mute');
  press(page.autopilot, state.autopilot, 'Autopilot');
  for (const button of [page.mute, page.interrupt, page.autopilot, page.end]) button.disabled = state.lost;
  page.failure.hidden = state.failure === null;
  show(page.failureTitle, state.failure?.title ?? '');
  show(page.failureAdvice, state.failure?.advice ?? '');
  page.reconnect.hidden = !(state.lost && state.canResume && state.screen === 'live');
  page.restart.hidden = !state.lost;
  page.dismiss.hidden = state.lost;
  if (before.screen !== state.screen) enter(before);
  if (before.files !== state.files) renderFiles(page.files, state.files);
}

/** A screen was changed: its heading takes the focus, so that a screen reader begins there. @param {StudioState} before */
function enter(before) {
  if (state.screen === 'live') stage.start(levels);
  if (before.screen === 'live') stage.stop();
  if (state.screen === 'start' || state.screen === 'ended') closeAudio();
  if (state.screen === 'ended') {
    page.endDialog.close();
    show(page.endSummary, `${state.episodeId}, ${clockText(sessionMs(before))}`);
    session?.close();
  }
  if (before.screen === 'start' || state.screen === 'connecting' || state.screen === 'start') return;
  const heading = screens.map((part) => part.querySelector('[data-heading]')).find((found) => found?.checkVisibility());
  if (heading instanceof HTMLElement) heading.focus();
}

/** @param {HTMLElement} target @param {string} text Written only when it differs: live regions read every change. */
function show(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @param {HTMLButtonElement} button @param {boolean} isPressed @param {string} text */
function press(button, isPressed, text) {
  button.setAttribute('aria-pressed', String(isPressed));
  const label = button.querySelector('[data-label]');
  if (label instanceof HTMLElement) show(label, text);
}

function levels() {
  const voices = audio?.playback.levels ?? { claude: 0, guest: 0 };
  const byLine = soundWay.levels();
  return { you: audio?.capture.level ?? 0, claude: Math.max(voices.claude, byLine.claude), guest: Math.max(voices.guest, byLine.guest) };
}

/** @param {StudioState} at */
function sessionMs({ clock }) {
  return clock ? clock.sessionMs + performance.now() - clock.pageMs : 0;
}

// ── Controls ─────────────────────────────────────────────────────────────────────────────────────────────────────

page.mute.addEventListener('click', actions.mute);
page.interrupt.addEventListener('click', actions.interrupt);
page.autopilot.addEventListener('click', actions.autopilot);
page.help.addEventListener('click', actions.help);
page.end.addEventListener('click', () => page.endDialog.showModal());
page.endDialog.addEventListener('close', () => {
  if (page.endDialog.returnValue === 'end' && state.screen === 'live') end();
  page.endDialog.returnValue = '';
});
page.dismiss.addEventListener('click', () => dispatch({ type: 'local.dismiss' }));
page.reconnect.addEventListener('click', () => {
  dispatch({ type: 'local.reconnect' });
  session?.connect();
});
for (const button of [page.again, page.restart]) button.addEventListener('click', () => location.reload());

document.addEventListener('keydown', (event) => {
  const action = actionOf(event, {
    isLive: state.screen === 'live' && !state.lost,
    inField: isField(document.activeElement),
    inDialog: page.helpDialog.open || page.endDialog.open,
  });
  if (!action) return;
  event.preventDefault();
  actions[action]();
});

addEventListener('beforeunload', (event) => {
  if (!state.lost && (state.screen === 'live' || state.screen === 'finishing')) event.preventDefault();
});

for (const { key, does } of KEYS) {
  const [term, text] = [document.createElement('dt'), document.createElement('dd')];
  const cap = document.createElement('kbd');
  cap.textContent = key;
  term.append(cap);
  text.textContent = does;
  page.helpKeys.append(term, text);
}

setInterval(() => {
  if (state.screen === 'live' && !state.lost) show(page.timer, clockText(sessionMs(state)));
}, TIMER_MS);

void startForm.load();
startForm.render(false);
