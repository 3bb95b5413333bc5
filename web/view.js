// What the page shows of its state: which screen, what every control says, what failed. The live room's own parts, stage,
// captions and panels, draw themselves.
import { page, press, screens, show } from './elements.js';
import { setLanguage } from './language.js';
import { banner } from './state.js';
/** @import {Store} from './store.js' */
/** @import {AiSpeaker, StudioState} from './types' */

/** How long a notice stays: long enough to look up from the talk, and to read it slowly. Errors stay. */
const NOTICE_MS = 8000;
const NOTICE_MS_PER_LETTER = 80;
const IS_ERROR = /\berror: /;
/** The longest name that fits into a button, in characters. */
const ASK_NAME_MAX = 14;

/** What does nothing without a connection. */
const CONTROLS = [page.mute, page.talk, page.interrupt, page.autopilot, page.marker, page.strike, page.type, page.end, page.claude, page.guest];

/**
 * @typedef {object} Parts
 * @property {import('./start.js').StartForm} startForm
 * @property {import('./stage.js').Stage} stage
 * @property {import('./captions.js').Captions} captions
 * @property {import('./panels.js').Panels} panels
 */

export class View {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #noticeTimer;

  /** @param {Store} store @param {Parts} parts */
  constructor(store, parts) {
    this.store = store;
    this.parts = parts;
  }

  /** @param {StudioState} before */
  render(before) {
    const { state } = this.store;
    const screen = state.screen === 'connecting' ? 'start' : state.screen;
    document.body.dataset.screen = screen;
    document.body.dataset.lost = String(state.lost);
    for (const part of screens) part.hidden = !part.dataset.for?.split(' ').includes(screen);
    this.parts.startForm.render(state.screen === 'connecting');
    this.parts.stage.render(state);
    this.parts.captions.render(state);
    if (state.screen === 'live') this.parts.panels.render(state, this.store.sessionMs);
    this.#renderRoom(state);
    this.#renderFailure(state);
    if (before.notice !== state.notice) this.#letNoticeGo();
    if (banner(before) !== banner(state)) this.#attend(before);
  }

  /** @param {StudioState} state */
  #renderRoom(state) {
    show(page.title, state.title || 'Live');
    setLanguage(page.title, state.language);
    page.record.dataset.on = String(state.recording);
    show(page.recordWord, state.recording ? 'REC' : state.lost ? 'Not connected' : 'Not recording');
    show(page.notice, state.notice);
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
    for (const button of CONTROLS) button.disabled = state.lost;
    if (state.lost) page.link.hidden = true;
    page.strike.hidden = !state.canDirect;
  }

  /** @param {StudioState} state */
  #renderFailure(state) {
    const failure = banner(state);
    page.failure.hidden = failure === null;
    show(page.failureTitle, failure?.title ?? '');
    this.showAdvice();
    page.reconnect.hidden = !(state.lost && state.canResume && state.screen === 'live');
    page.restart.hidden = !state.lost;
    page.dismiss.hidden = state.lost;
  }

  /** What to do about what failed, with the seconds until the page does it by itself. */
  showAdvice() {
    const { retryAt } = this.store.state;
    const seconds = retryAt === null ? 0 : Math.ceil((retryAt - performance.now()) / 1000);
    // The countdown is for eyes: an alert that changes each second would be read each second.
    page.failureAdvice.dataset.countdown = seconds > 0 ? `Connecting again in ${seconds} s.` : '';
    show(page.failureAdvice, banner(this.store.state)?.advice ?? '');
  }

  /**
   * What failed is brought into view and has the focus. Where the show goes on it is only read out, and takes nobody's
   * hands from the keys; nor does every new try of a lost connection.
   * @param {StudioState} before
   */
  #attend(before) {
    const { state } = this.store;
    if (banner(state) === null || (state.screen === 'live' && (!state.lost || before.lost))) return;
    page.failureTitle.focus({ preventScroll: true });
    page.failure.scrollIntoView({ block: 'nearest' });
  }

  /** Nothing that was said once stands there for the rest of the show. */
  #letNoticeGo() {
    const { notice } = this.store.state;
    clearTimeout(this.#noticeTimer);
    if (!notice || IS_ERROR.test(notice)) return;
    this.#noticeTimer = setTimeout(() => this.store.dispatch({ type: 'local.notice', text: '' }), NOTICE_MS + notice.length * NOTICE_MS_PER_LETTER);
  }
}
