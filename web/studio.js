// The wiring: events of the socket, the audio and the controls go through one reducer, and one render shows the state.
import { ApiFailure, briefing as askBriefing, deleteRecording, roundTrip, signIn } from './api.js';
import { isSupported, openAudio } from './audio.js';
import { Captions } from './captions.js';
import { MICROPHONE_GONE, startFailure, UNSUPPORTED } from './failures.js';
import { actionOf, isField, isTalkKey, keyHelp } from './keys.js';
import { setLanguage } from './language.js';
import { LevelMeter } from './level-meter.js';
import { Lobby } from './lobby.js';
import { Panels } from './panels.js';
import * as remember from './remember.js';
import { Session, socketUrl } from './session.js';
import { Shelf } from './shelf.js';
import { SoundWay } from './sound-way.js';
import { toHello } from './soundcheck.js';
import { Stage } from './stage.js';
import { StartForm } from './start.js';
import { initialState, reduce } from './state.js';
import { Take } from './take.js';
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
  endedHeading: element('ended-heading', HTMLElement),
  link: element('link', HTMLElement),
  linkWord: element('link-word', HTMLElement),
  ownLevel: element('own-level', LevelMeter),
  talk: element('talk', HTMLButtonElement),
  marker: element('marker', HTMLButtonElement),
  strike: element('strike', HTMLButtonElement),
  claude: element('nominate-claude', HTMLButtonElement),
  guest: element('nominate-guest', HTMLButtonElement),
  captionsToggle: element('captions-toggle', HTMLButtonElement),
  smaller: element('smaller', HTMLButtonElement),
  larger: element('larger', HTMLButtonElement),
  panelToggle: element('panel-toggle', HTMLButtonElement),
  goingOn: element('going-on', HTMLElement),
  return: element('return', HTMLButtonElement),
  delete: element('delete', HTMLButtonElement),
  deleteDialog: element('delete-dialog', HTMLDialogElement),
  accessDialog: element('access-dialog', HTMLDialogElement),
  accessForm: element('access-form', HTMLFormElement),
  accessProblem: element('access-problem', HTMLElement),
  token: element('token', HTMLInputElement),
  again: element('again', HTMLButtonElement),
  restart: element('restart', HTMLButtonElement),
};

/** Parts of the page that belong to one screen. */
const screens = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-for]')]);

/** How often the recording time is written. */
const TIMER_MS = 250;
/** How often the way to the studio is measured, and what of it nobody hears. */
const LINK_MS = 5000;
const LINK_GOOD_MS = 80;
const LINK_FAIR_MS = 200;
/** Waits before a lost connection is tried again by itself; the last one is repeated until the studio's minute is over. */
const RETRIES_MS = [1000, 2000, 4000, 8000];
const RETRY_LIMIT_MS = 60_000;
/** How long a notice stays: long enough to look up from the talk, and to read it slowly. Errors stay. */
const NOTICE_MS = 8000;
const NOTICE_MS_PER_LETTER = 80;
const IS_ERROR = /\berror: /;
/** The longest name that fits into a button, in characters. */
const ASK_NAME_MAX = 14;
/** Sizes of captions, as shares of the usual one. */
const CAPTION_SIZES = [0.875, 1, 1.25, 1.5, 2];

let state = initialState();
/** Buttons that were clicked since the last Tab: such a one keeps the focus, but not Space. @type {WeakSet<Element>} */
let pointed = new WeakSet();
let noticeTimer = 0;
/** @type {Session | null} */
let session = null;
/** @type {Audio | null} */
let audio = null;

const stage = new Stage(element('stage', HTMLElement));
const captions = new Captions(
  element('captions', HTMLElement), element('captions-final', HTMLElement), element('captions-interim', HTMLElement));
const form = element('start-form', HTMLFormElement);
const startForm = new StartForm(form, (choice) => void start(choice));
/** The button that asked for what failed on the first screen: it has the focus again when the failure is closed. */
let asker = startForm.button;
const lobby = new Lobby(element('lobby', HTMLElement), () => startForm.asked, (failure) => {
  asker = lobby.open;
  dispatch({ type: 'local.problem', failure });
});
const panels = new Panels(element('panel', HTMLElement), {
  onSegment: (index) => session?.send({ type: 'client.segment', index }),
  onWhisper: (speaker, text) => session?.send({ type: 'client.whisper', speaker, text }),
});
const take = new Take(element('take', HTMLElement));
const shelf = new Shelf(element('shelf', HTMLElement), complain);

/** @type {{roundTripMs: number | null, skipped: number}} */
let link = { roundTripMs: null, skipped: 0 };
let lostAt = 0;
let retries = 0;
let retryTimer = 0;
let captionSize = 1;

const soundWay = new SoundWay(element('sound', HTMLElement),
  (message) => session?.send(message), (frame) => session?.sendAudio(frame));

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
  asker = startForm.button;
  dispatch({ type: 'local.plan', segments: briefing?.segments ?? [], language: briefing?.language ?? '' });
  await enterStudio({ hasHeadphones, deviceId: lobby.deviceId, sinkId: lobby.sinkId },
    { participantName, episodeId: '', ...(briefing ? { briefing: briefing.name } : {}),
      ...(lobby.check ? { soundCheck: toHello(lobby.check, hasHeadphones) } : {}) });
}

/** After a reload: the session tells where in the plan it is, not the plan. @param {string} name Of the briefing. */
async function takePlan(name) {
  if (!name) return;
  try {
    const { segments, language } = await askBriefing(name);
    dispatch({ type: 'local.plan', segments, language });
  } catch {
    // The session goes on without it, and the briefing may be gone for good.
  }
}

/**
 * Opens microphone and voices, then the session.
 * @param {{hasHeadphones: boolean, deviceId: string, sinkId: string}} devices
 * @param {import('./types').Hello} hello
 * @param {string} [resumeToken] Of a session that goes on.
 */
async function enterStudio(devices, hello, resumeToken) {
  dispatch({ type: 'local.start' });
  lobby.close();
  try {
    if (!isSupported()) throw UNSUPPORTED;
    audio = await openAudio(devices, {
      onFrame: (frame) => soundWay.hear(frame),
      onPosition: reportPosition,
      onMicrophoneGone: () => dispatch({ type: 'local.problem', failure: MICROPHONE_GONE }),
    });
  } catch (error) {
    dispatch({ type: 'local.start-failed', failure: error === UNSUPPORTED ? UNSUPPORTED : startFailure(error) });
    return;
  }
  const sampleRate = audio.context.sampleRate;
  const full = { ...hello, audio: { codec: /** @type {const} */ ('pcm'), sampleRate } };
  soundWay.open(audio.context, audio.capture.stream);
  session = new Session(socketUrl(location.href), full, {
    onMessage(message) {
      if (message.type === 'session.ready') {
        remember.keep({ resumeToken: message.resumeToken, episodeId: message.episodeId, hasHeadphones: devices.hasHeadphones,
          deviceId: devices.deviceId, sampleRate, briefing: hello.briefing ?? '' });
      }
      receive(message);
    },
    onAudio: (frame) => audio?.playback.play(frame),
    onClose(code) {
      soundWay.drop();
      dispatch({ type: 'local.closed', code });
      if (state.screen === 'finishing') closeAudio();
      if (state.lost && !state.canResume) remember.forget();
      retryLater();
    },
  });
  if (resumeToken) session.resume(resumeToken);
  else session.connect();
}

/** A lost connection is tried again by itself while the studio waits. */
function retryLater() {
  clearTimeout(retryTimer);
  if (!state.lost || !state.canResume || state.screen !== 'live') return;
  const now = performance.now();
  if (retries === 0) lostAt = now;
  const wait = RETRIES_MS[Math.min(retries, RETRIES_MS.length - 1)];
  if (now + wait - lostAt > RETRY_LIMIT_MS) return;
  retries += 1;
  dispatch({ type: 'local.retry', at: now + wait });
  retryTimer = setTimeout(connectAgain, wait);
}

function connectAgain() {
  clearTimeout(retryTimer);
  dispatch({ type: 'local.reconnect' });
  session?.connect();
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
    case 'session.ready':
      retries = 0;
      clearTimeout(retryTimer);
      dispatch(message);
      return;
    case 'recording.ready':
      remember.forget();
      dispatch(message);
      history.replaceState(null, '', `#/recordings/${encodeURIComponent(message.episodeId)}`);
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
  marker() {
    session?.send({ type: 'client.marker' });
    dispatch({ type: 'local.marker', ms: sessionMs(state), label: '' });
    dispatch({ type: 'local.notice', text: `Marked at ${clockText(sessionMs(state))}.` });
  },
  strike() {
    if (state.canDirect) session?.send({ type: 'client.strike' });
  },
  whisper() {
    if (!state.canDirect) return;
    if (document.body.dataset.panel !== 'open') actions.figures();
    panels.whisper();
  },
  claude() { nominate('claude'); },
  guest() { nominate('guest'); },
  captions() {
    const isOn = page.captionsToggle.getAttribute('aria-pressed') !== 'true';
    page.captionsToggle.setAttribute('aria-pressed', String(isOn));
    document.body.dataset.captions = isOn ? 'on' : 'off';
  },
  figures() {
    const isOpen = document.body.dataset.panel !== 'open';
    document.body.dataset.panel = isOpen ? 'open' : 'closed';
    page.panelToggle.setAttribute('aria-pressed', String(isOpen));
  },
  help() {
    page.helpKeys.replaceChildren(...keyHelp(state.names).flatMap(({ key, does }) => {
      const [term, text, cap] = [document.createElement('dt'), document.createElement('dd'), document.createElement('kbd')];
      cap.textContent = key;
      term.append(cap);
      text.textContent = does;
      return [term, text];
    }));
    page.helpDialog.showModal();
  },
};

/** @param {AiSpeaker} speaker */
function nominate(speaker) {
  session?.send({ type: 'client.nominate', speaker });
  dispatch({ type: 'local.nominate', speaker });
}

/** @param {boolean} held */
function talk(held) {
  if (held === state.held) return;
  session?.send({ type: 'client.push-to-talk', held });
  dispatch({ type: 'local.talk', held });
}

/** @param {number} step */
function resizeCaptions(step) {
  captionSize = Math.max(0, Math.min(CAPTION_SIZES.length - 1, captionSize + step));
  document.body.style.setProperty('--caption-size', String(CAPTION_SIZES[captionSize]));
  page.smaller.disabled = captionSize === 0;
  page.larger.disabled = captionSize === CAPTION_SIZES.length - 1;
}

/** What the studio refused, said in words; without the right to ask, the token is asked for. @param {unknown} error */
function complain(error) {
  if (error instanceof ApiFailure && error.code === 'access_denied') {
    if (!page.accessDialog.open) page.accessDialog.showModal();
    return;
  }
  dispatch({ type: 'local.problem', failure: error instanceof ApiFailure ? error.failure
    : { title: 'Something went wrong in this page.', advice: String(error) } });
}

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
  document.body.dataset.lost = String(state.lost);
  for (const part of screens) part.hidden = !part.dataset.for?.split(' ').includes(screen);
  startForm.render(state.screen === 'connecting');
  stage.render(state);
  captions.render(state);
  show(page.title, state.title || 'Live');
  setLanguage(page.title, state.language);
  page.record.dataset.on = String(state.recording);
  show(page.recordWord, state.recording ? 'REC' : state.lost ? 'Not connected' : 'Not recording');
  show(page.notice, state.notice);
  if (before.notice !== state.notice) letNoticeGo();
  press(page.mute, state.muted, state.muted ? 'Unmute' : 'Mute');
  press(page.autopilot, state.autopilot, 'Autopilot');
  press(page.talk, state.held, state.held ? 'Go on…' : 'Hold to talk');
  for (const speaker of /** @type {AiSpeaker[]} */ (['claude', 'guest'])) {
    const name = state.names[speaker];
    // A long name stands above the button already.
    const ask = name.length > ASK_NAME_MAX ? 'Ask next' : `Ask ${name}`;
    press(page[speaker], state.nominee === speaker, state.nominee === speaker ? 'Is next' : ask);
    page[speaker].title = `Give ${name} the next word`;
  }
  for (const button of [page.mute, page.talk, page.interrupt, page.autopilot, page.marker, page.strike, page.end, page.claude, page.guest]) {
    button.disabled = state.lost;
  }
  if (state.lost) page.link.hidden = true;
  page.strike.hidden = !state.canDirect;
  if (state.screen === 'live') panels.render(state, sessionMs(state), link);
  page.failure.hidden = state.failure === null;
  show(page.failureTitle, state.failure?.title ?? '');
  showAdvice();
  page.reconnect.hidden = !(state.lost && state.canResume && state.screen === 'live');
  page.restart.hidden = !state.lost;
  page.dismiss.hidden = state.lost;
  if (before.screen !== state.screen) enter(before);
  if (before.failure !== state.failure) attend(before);
}

/**
 * What failed is brought into view and has the focus. Where the show goes on it is only read out, and takes nobody's
 * hands from the keys; nor does every new try of a lost connection.
 * @param {StudioState} before
 */
function attend(before) {
  if (state.failure === null || (state.screen === 'live' && (!state.lost || before.lost))) return;
  page.failureTitle.focus({ preventScroll: true });
  page.failure.scrollIntoView({ block: 'nearest' });
}

/** Nothing that was said once stands there for the rest of the show. */
function letNoticeGo() {
  clearTimeout(noticeTimer);
  if (!state.notice || IS_ERROR.test(state.notice)) return;
  noticeTimer = setTimeout(() => dispatch({ type: 'local.notice', text: '' }), NOTICE_MS + state.notice.length * NOTICE_MS_PER_LETTER);
}

function showAdvice() {
  const seconds = state.retryAt === null ? 0 : Math.ceil((state.retryAt - performance.now()) / 1000);
  // The countdown is for eyes: an alert that changes each second would be read each second.
  page.failureAdvice.dataset.countdown = seconds > 0 ? `Connecting again in ${seconds} s.` : '';
  show(page.failureAdvice, state.failure?.advice ?? '');
}

/** A screen was changed: its heading takes the focus, so that a screen reader begins there. @param {StudioState} before */
function enter(before) {
  if (state.screen === 'live') stage.start(levels);
  if (before.screen === 'live') stage.stop();
  if (['start', 'ended', 'shelf'].includes(state.screen)) closeAudio();
  if (state.screen === 'shelf') {
    void shelf.load();
    lobby.close();
  }
  if (state.screen === 'ended') {
    page.endDialog.close();
    lobby.close();
    const isFresh = ['live', 'finishing'].includes(before.screen);
    show(page.endedHeading, isFresh ? 'It’s recorded.' : 'Recording');
    session?.close();
    take.open(state.episodeId, asked().atMs).catch(complain);
  } else {
    take.close();
  }
  for (const anchor of document.querySelectorAll('[data-nav]')) {
    const isHere = /** @type {HTMLElement} */ (anchor).dataset.nav === (state.screen === 'ended' ? 'shelf' : state.screen);
    if (isHere) anchor.setAttribute('aria-current', 'page');
    else anchor.removeAttribute('aria-current');
  }
  if (state.screen === 'connecting' || state.screen === 'start') return;
  const heading = screens.map((part) => part.querySelector('[data-heading]')).find((found) => found?.checkVisibility());
  if (heading instanceof HTMLElement) heading.focus();
}

/** What the address asks for: the studio, the list, one recording. A session that is on is never left by it. */
function followAddress() {
  if (['connecting', 'live', 'finishing'].includes(state.screen)) return;
  const { place, episode, atMs } = asked();
  if (place !== 'recordings') dispatch({ type: 'local.lobby' });
  else if (!episode) dispatch({ type: 'local.shelf' });
  else if (state.screen !== 'ended' || state.episodeId !== episode) {
    dispatch({ type: 'local.lobby' });
    dispatch({ type: 'local.take', episodeId: episode });
  } else if (atMs !== undefined) take.goTo(atMs);
}

/** `#/recordings`, `#/recordings/EPISODE`, `#/recordings/EPISODE/MILLISECONDS`. */
function asked() {
  const [, place = '', episode = '', ms = ''] = location.hash.split('/');
  return { place, episode: decodeURIComponent(episode), atMs: /^\d+$/.test(ms) ? Number(ms) : undefined };
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
  if (state.lost) return { you: 0, claude: 0, guest: 0 };
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
page.marker.addEventListener('click', actions.marker);
page.strike.addEventListener('click', actions.strike);
page.claude.addEventListener('click', actions.claude);
page.guest.addEventListener('click', actions.guest);
page.captionsToggle.addEventListener('click', actions.captions);
page.panelToggle.addEventListener('click', actions.figures);
page.smaller.addEventListener('click', () => resizeCaptions(-1));
page.larger.addEventListener('click', () => resizeCaptions(1));
page.talk.addEventListener('pointerdown', (event) => {
  page.talk.setPointerCapture(event.pointerId);
  talk(true);
});
for (const over of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur']) page.talk.addEventListener(over, () => talk(false));
form.addEventListener('change', (event) => {
  if (event.target instanceof HTMLInputElement && event.target.name === 'headphones') lobby.headphonesChanged();
});
page.return.addEventListener('click', () => {
  const found = remember.kept();
  page.goingOn.hidden = true;
  if (!found) return;
  asker = startForm.button;
  void takePlan(found.briefing);
  void enterStudio({ hasHeadphones: found.hasHeadphones, deviceId: found.deviceId, sinkId: '' }, { participantName: '', episodeId: '', ...(found.briefing ? { briefing: found.briefing } : {}) }, found.resumeToken);
});
page.delete.addEventListener('click', () => page.deleteDialog.showModal());
page.deleteDialog.addEventListener('close', () => {
  const { returnValue } = page.deleteDialog;
  page.deleteDialog.returnValue = '';
  if (returnValue !== 'delete') return;
  take.close();
  deleteRecording(state.episodeId).then(() => { location.hash = '#/recordings'; }, complain);
});
page.accessForm.addEventListener('submit', (event) => {
  event.preventDefault();
  signIn(page.token.value).then(() => location.reload(), (error) => {
    show(page.accessProblem, error instanceof ApiFailure && error.code === 'access_denied' ? 'That is not the token.' : String(error));
  });
});
// Behind it nothing works: it is answered, not closed. Browsers let a second Esc close any dialog, so it comes back.
page.accessDialog.addEventListener('cancel', (event) => event.preventDefault());
page.accessDialog.addEventListener('close', () => page.accessDialog.showModal());
page.end.addEventListener('click', () => page.endDialog.showModal());
page.endDialog.addEventListener('close', () => {
  if (page.endDialog.returnValue === 'end' && state.screen === 'live') end();
  page.endDialog.returnValue = '';
});
page.dismiss.addEventListener('click', () => {
  dispatch({ type: 'local.dismiss' });
  if (state.screen === 'start') asker?.focus();
});
page.reconnect.addEventListener('click', connectAgain);
for (const button of [page.again, page.restart]) {
  button.addEventListener('click', () => {
    // A whole new page: nothing of the last session is left over.
    remember.forget();
    history.replaceState(null, '', location.pathname);
    location.reload();
  });
}
addEventListener('hashchange', followAddress);

const where = () => ({
  isLive: state.screen === 'live' && !state.lost,
  inField: isField(document.activeElement),
  inDialog: document.querySelector('dialog[open]') !== null,
  onButton: document.activeElement instanceof HTMLButtonElement && document.activeElement !== page.talk
    && !pointed.has(document.activeElement),
});

// A click leaves the focus on its button, where the next Space would press it again instead of talking. Who comes by Tab
// means the button.
document.addEventListener('pointerdown', ({ target }) => {
  const button = target instanceof Element ? target.closest('button') : null;
  if (button) pointed.add(button);
}, true);
document.addEventListener('keydown', ({ key }) => { if (key === 'Tab') pointed = new WeakSet(); }, true);

document.addEventListener('keydown', (event) => {
  if (isTalkKey(event, where())) {
    event.preventDefault();
    if (!event.repeat) talk(true);
    return;
  }
  const action = actionOf(event, where());
  if (!action) return;
  event.preventDefault();
  actions[action]();
});
document.addEventListener('keyup', (event) => {
  if (event.key !== ' ' || !state.held) return;
  event.preventDefault();
  talk(false);
});

addEventListener('beforeunload', (event) => {
  if (!state.lost && (state.screen === 'live' || state.screen === 'finishing')) event.preventDefault();
});

setInterval(() => {
  if (state.screen !== 'live') return;
  if (state.lost) {
    showAdvice();
    return;
  }
  show(page.timer, clockText(sessionMs(state)));
  page.ownLevel.show(audio?.capture.level ?? 0, 0, performance.now());
  link = { ...link, skipped: session?.skippedFrames ?? 0 };
  panels.render(state, sessionMs(state), link);
}, TIMER_MS);

setInterval(() => {
  if (state.screen !== 'live' || state.lost) return;
  remember.touch();
  roundTrip().then((roundTripMs) => {
    link = { ...link, roundTripMs };
    soundWay.showSocketQuality(link);
    if (state.lost) return;
    const quality = roundTripMs < LINK_GOOD_MS ? 'good' : roundTripMs < LINK_FAIR_MS ? 'fair' : 'poor';
    page.link.hidden = false;
    page.link.dataset.quality = quality;
    show(page.linkWord, `${{ good: 'Good', fair: 'Fair', poor: 'Poor' }[quality]} link, ${Math.round(roundTripMs)} ms`);
  }, () => { page.link.dataset.quality = 'poor'; });
}, LINK_MS);

/** On a wide window there is room for everything; below it the host opens what they want to see. */
if (matchMedia('(min-width: 75rem)').matches) actions.figures();
page.goingOn.hidden = remember.kept() === null;
resizeCaptions(0);
startForm.load().catch(complain);
startForm.render(false);
followAddress();
