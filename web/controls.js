// What the host does in the live room, by button or by key: each order goes to the studio and into the page's own state.
import { page } from './elements.js';
import { keyHelp } from './keys.js';
import { listenToKeys } from './keyboard.js';
import { StrikeGuard } from './strike-guard.js';
import { clockText } from './words.js';
/** @import {Store} from './store.js' */
/** @import {AiSpeaker} from './types' */

/**
 * @param {Store} store
 * @param {import('./seat.js').Seat} seat
 * @param {import('./caption-tools.js').CaptionTools} captionTools
 * @param {import('./panels.js').Panels} panels
 * @param {import('./say-line.js').SayLine} sayLine
 */
export function connectControls(store, seat, captionTools, panels, sayLine) {
  const guard = new StrikeGuard();
  const lastTurn = () => store.state.captions.reduce((most, { turn }) => Math.max(most, turn), 0);
  // It may have been struck by a spoken word, too.
  store.watch((before) => { if (before.strikes !== store.state.strikes && store.state.strikes.length > 0) guard.struck(performance.now(), lastTurn()); });

  /** @type {Record<import('./keys.js').KeyAction, () => void>} */
  const actions = {
    mute() {
      const muted = !store.state.muted;
      seat.mute(muted);
      store.dispatch({ type: 'local.mute', muted });
    },
    interrupt() {
      seat.send({ type: 'client.interrupt' });
    },
    autopilot() {
      const enabled = !store.state.autopilot;
      seat.send({ type: 'client.toggle-autopilot', enabled });
      store.dispatch({ type: 'local.autopilot', enabled });
    },
    marker() {
      const ms = store.sessionMs;
      seat.send({ type: 'client.marker' });
      store.dispatch({ type: 'local.marker', ms, label: '' });
      store.dispatch({ type: 'local.notice', text: `Marked at ${clockText(ms)}.` });
    },
    strike() {
      if (!store.state.canDirect) return;
      const meaning = guard.press(performance.now(), lastTurn());
      if (meaning === 'strike') seat.send({ type: 'client.strike' });
      if (meaning === 'ask') store.dispatch({ type: 'local.notice', text: 'The last turn is struck already. Strike the turn before, too? Press once more.' });
    },
    type() { sayLine.toggle(); },
    whisper() {
      if (!store.state.canDirect) return;
      openPanel(true);
      panels.whisper();
    },
    claude() { nominate('claude'); },
    guest() { nominate('guest'); },
    captions() { captionTools.toggle(); },
    figures() {
      const isOpen = document.body.dataset.panel !== 'open';
      const hadFocus = page.panel.contains(document.activeElement);
      openPanel(isOpen);
      if (isOpen) showPanel();
      else if (hadFocus) page.panelToggle.focus();
    },
    help() {
      page.helpKeys.replaceChildren(...keyHelp(store.state.names).flatMap(({ key, does }) => {
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
    seat.send({ type: 'client.nominate', speaker });
    store.dispatch({ type: 'local.nominate', speaker });
  }

  /** @param {boolean} held */
  function talk(held) {
    if (held === store.state.held) return;
    seat.send({ type: 'client.push-to-talk', held });
    store.dispatch({ type: 'local.talk', held });
  }

  for (const [button, does] of /** @type {[HTMLElement, () => void][]} */ ([
    [page.mute, actions.mute], [page.interrupt, actions.interrupt], [page.autopilot, actions.autopilot], [page.marker, actions.marker],
    [page.strike, actions.strike], [page.claude, actions.claude], [page.guest, actions.guest], [page.panelToggle, actions.figures],
    [page.type, actions.type], [page.help, actions.help], [page.reconnect, () => void seat.connectAgain()], [page.end, () => page.endDialog.showModal()],
  ])) button.addEventListener('click', does);
  page.link.addEventListener('click', () => {
    openPanel(true);
    // Its figures are a part of the panel: both the eye and the focus go there.
    page.connection.scrollIntoView({ block: 'nearest' });
    page.connection.focus({ preventScroll: true });
  });
  page.talk.addEventListener('pointerdown', (event) => {
    page.talk.setPointerCapture(event.pointerId);
    talk(true);
  });
  for (const over of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur']) page.talk.addEventListener(over, () => talk(false));
  page.endDialog.addEventListener('close', () => {
    if (page.endDialog.returnValue === 'end' && store.state.screen === 'live') {
      store.dispatch({ type: 'local.end' });
      seat.send({ type: 'client.end' });
    }
    page.endDialog.returnValue = '';
  });
  listenToKeys(store, actions, talk);
  // On a wide window there is room for everything; below it the host opens what they want to see.
  if (matchMedia('(min-width: 75rem)').matches) openPanel(true);
}

/** @param {boolean} isOpen */
function openPanel(isOpen) {
  document.body.dataset.panel = isOpen ? 'open' : 'closed';
  page.panelToggle.setAttribute('aria-pressed', String(isOpen));
}

/** Where it has no room beside the talk it opens below it: both the eye and the focus go there. */
function showPanel() {
  if (!matchMedia('(max-width: 60rem)').matches) return;
  page.panel.scrollIntoView({ block: 'start' });
  page.panel.focus({ preventScroll: true });
}
