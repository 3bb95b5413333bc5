// The wiring: events of the socket, the audio and the controls go through one reducer, and one render shows the state.
import { asked, recordingAddress } from './address.js';
import { ApiFailure, briefing as askBriefing, deleteRecording, signIn } from './api.js';
import { CaptionTools } from './caption-tools.js';
import { Captions } from './captions.js';
import { connectControls } from './controls.js';
import { element, page, screens, show } from './elements.js';
import { LinkView } from './link-view.js';
import { Lobby } from './lobby.js';
import { MicrophoneMenu } from './microphone-menu.js';
import { MutedEar } from './muted-ear.js';
import { Panels } from './panels.js';
import * as remember from './remember.js';
import { SayLine } from './say-line.js';
import { Seat } from './seat.js';
import { Shelf } from './shelf.js';
import { toHello } from './soundcheck.js';
import { Stage } from './stage.js';
import { StartForm } from './start.js';
import { Store } from './store.js';
import { Take } from './take.js';
import { View } from './view.js';
import { clockText } from './words.js';
/** @import {Choice} from './start.js' */
/** @import {StudioState} from './types' */

/** How often the recording time and the figures are written. */
const TIMER_MS = 250;
/** How often the way to the studio is measured. */
const LINK_MS = 5000;
const MUTED = 'You are muted: nobody hears what you say.';

const store = new Store();
const log = element('captions-final', HTMLElement);
const stage = new Stage(element('stage', HTMLElement));
const captions = new Captions(element('captions', HTMLElement), log, element('captions-interim', HTMLElement));
const form = element('start-form', HTMLFormElement);
const startForm = new StartForm(form, (choice) => void start(choice));
/** The button that asked for what failed on the first screen: it has the focus again when the failure is closed. */
let asker = startForm.button;
const lobby = new Lobby(element('lobby', HTMLElement), () => startForm.asked, (failure) => {
  asker = lobby.open;
  store.dispatch({ type: 'local.problem', failure });
});
const take = new Take(element('take', HTMLElement));
const shelf = new Shelf(element('shelf', HTMLElement), complain);
const menu = new MicrophoneMenu(page.microphone, (deviceId) => void seat.microphone.choose(deviceId));
const seat = new Seat(store, element('sound', HTMLElement), (list, chosen, label) => menu.show(list, chosen, label));
const panels = new Panels(element('panel', HTMLElement), {
  onSegment: (index) => seat.send({ type: 'client.segment', index }),
  onWhisper: (speaker, text) => seat.send({ type: 'client.whisper', speaker, text }),
});
const sayLine = new SayLine((text) => {
  if (!isConnected()) return false;
  seat.send({ type: 'client.say', text });
  return true;
});
const mutedEar = new MutedEar(() => store.dispatch({ type: 'local.notice', text: MUTED }));
const link = new LinkView((roundTripMs) => seat.link(roundTripMs));
const view = new View(store, { startForm, stage, captions, panels });

store.watch((before) => view.render(before));
store.watch((before) => { if (before.screen !== store.state.screen) enter(before); });
store.watch((before) => {
  const { screen, lost, muted, notice, orbs } = store.state;
  const isMuted = screen === 'live' && !lost && muted;
  mutedEar.listen(isMuted ? seat.microphone.stream : null);
  if (!isMuted && notice === MUTED) store.dispatch({ type: 'local.notice', text: '' });
  // Who is not understood types: the studio says so by the host's own orb.
  if (before.orbs !== orbs && screen === 'live' && !lost) sayLine.need(orbs.you === 'failed');
});
connectControls(store, seat, new CaptionTools(log), panels, sayLine);

// ── Into a session ───────────────────────────────────────────────────────────────────────────────────────────────

/** @param {Choice} choice */
async function start({ participantName, briefing, hasHeadphones }) {
  if (store.state.screen !== 'start') return;
  asker = startForm.button;
  const devices = { hasHeadphones, deviceId: lobby.deviceId, sinkId: lobby.sinkId };
  store.dispatch({ type: 'local.plan', segments: briefing?.segments ?? [], language: briefing?.language ?? '' });
  store.dispatch({ type: 'local.start' });
  lobby.close();
  await seat.take(devices, { participantName, episodeId: '', ...(briefing ? { briefing: briefing.name } : {}),
    ...(lobby.check ? { soundCheck: toHello(lobby.check, hasHeadphones) } : {}) });
}

page.return.addEventListener('click', () => {
  const found = remember.kept();
  page.goingOn.hidden = true;
  if (!found) return;
  const { briefing, hasHeadphones, deviceId, sampleRate, resumeToken } = found;
  asker = startForm.button;
  void takePlan(briefing);
  store.dispatch({ type: 'local.start' });
  lobby.close();
  void seat.take({ hasHeadphones, deviceId, sinkId: '', sampleRate }, { participantName: '', episodeId: '', ...(briefing ? { briefing } : {}) }, resumeToken);
});

/** After a reload: the session tells where in the plan it is, not the plan. @param {string} name Of the briefing. */
async function takePlan(name) {
  if (!name) return;
  try {
    const { segments, language } = await askBriefing(name);
    store.dispatch({ type: 'local.plan', segments, language });
  } catch {
    // The session goes on without it, and the briefing may be gone for good.
  }
}

// ── From screen to screen ────────────────────────────────────────────────────────────────────────────────────────

/** A screen was changed: its heading takes the focus, so that a screen reader begins there. @param {StudioState} before */
function enter(before) {
  const { state } = store;
  if (state.screen === 'live') stage.start(() => seat.levels());
  if (before.screen === 'live') stage.stop();
  if (['start', 'ended', 'shelf'].includes(state.screen)) seat.closeAudio();
  if (state.screen === 'shelf') {
    void shelf.load();
    lobby.close();
  }
  if (state.screen === 'ended') {
    page.endDialog.close();
    lobby.close();
    const isFresh = ['live', 'finishing'].includes(before.screen);
    show(page.endedHeading, isFresh ? 'It’s recorded.' : 'Recording');
    take.root.dataset.fresh = String(isFresh);
    if (isFresh) history.replaceState(null, '', recordingAddress(state.episodeId));
    seat.leave();
    take.open(state.episodeId, asked(location.hash).atMs).catch(complain);
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
  const { state } = store;
  if (['connecting', 'live', 'finishing'].includes(state.screen)) return;
  const { place, episode, atMs } = asked(location.hash);
  if (place !== 'recordings') store.dispatch({ type: 'local.lobby' });
  else if (!episode) store.dispatch({ type: 'local.shelf' });
  else if (state.screen !== 'ended' || state.episodeId !== episode) {
    store.dispatch({ type: 'local.lobby' });
    store.dispatch({ type: 'local.take', episodeId: episode });
  } else if (atMs !== undefined) take.goTo(atMs);
}
addEventListener('hashchange', followAddress);

for (const button of [page.again, page.restart]) {
  button.addEventListener('click', () => {
    // A whole new page: nothing of the last session is left over.
    remember.forget();
    history.replaceState(null, '', location.pathname);
    location.reload();
  });
}

addEventListener('beforeunload', (event) => {
  if (!store.state.lost && ['live', 'finishing'].includes(store.state.screen)) event.preventDefault();
});

// ── Outside the live room ────────────────────────────────────────────────────────────────────────────────────────

/** What the studio refused, said in words; without the right to ask, the token is asked for. @param {unknown} error */
function complain(error) {
  if (error instanceof ApiFailure && error.code === 'access_denied') {
    if (!page.accessDialog.open) page.accessDialog.showModal();
    return;
  }
  store.dispatch({ type: 'local.problem', failure: error instanceof ApiFailure ? error.failure
    : { title: 'Something went wrong in this page.', advice: String(error) } });
}

form.addEventListener('change', (event) => {
  if (event.target instanceof HTMLInputElement && event.target.name === 'headphones') lobby.headphonesChanged();
});
page.dismiss.addEventListener('click', () => {
  store.dispatch({ type: 'local.dismiss' });
  if (store.state.screen === 'start') asker?.focus();
});
page.delete.addEventListener('click', () => page.deleteDialog.showModal());
page.deleteDialog.addEventListener('close', () => {
  const { returnValue } = page.deleteDialog;
  page.deleteDialog.returnValue = '';
  if (returnValue !== 'delete') return;
  take.close();
  deleteRecording(store.state.episodeId).then(() => { location.hash = '#/recordings'; }, complain);
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

// ── By the clock ─────────────────────────────────────────────────────────────────────────────────────────────────

setInterval(() => {
  const { state } = store;
  if (state.screen !== 'live') return;
  if (state.lost) {
    view.showAdvice();
    return;
  }
  show(page.timer, clockText(store.sessionMs));
  page.ownLevel.show(seat.levels().you, 0, performance.now());
  link.showFigures();
  panels.render(state, store.sessionMs);
}, TIMER_MS);

function isConnected() {
  return store.state.screen === 'live' && !store.state.lost;
}

setInterval(() => {
  if (!isConnected()) return;
  remember.touch();
  void link.measure(isConnected);
}, LINK_MS);

page.goingOn.hidden = remember.kept() === null;
startForm.load().catch(complain);
void startForm.warn();
startForm.render(false);
followAddress();
