// What the page knows, and whoever is told when it changes: every event goes through the one reducer.
import { initialState, reduce } from './state.js';
/** @import {LocalEvent, ServerMessage, StudioState} from './types' */

export class Store {
  state = initialState();
  /** @type {((before: StudioState) => void)[]} */ #watchers = [];

  /** @param {(before: StudioState) => void} does */
  watch(does) {
    this.#watchers.push(does);
  }

  /** @param {ServerMessage | LocalEvent} event */
  dispatch(event) {
    const before = this.state;
    this.state = reduce(before, event, performance.now());
    if (this.state !== before) for (const does of this.#watchers) does(before);
  }

  /** Session time now, in ms; nought before the first snapshot. */
  get sessionMs() {
    const { clock } = this.state;
    return clock ? clock.sessionMs + performance.now() - clock.pageMs : 0;
  }
}
