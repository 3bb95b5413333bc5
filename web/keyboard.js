// The keyboard of the live room: one key an action, Space to talk, and whose Space it is.
import { page } from './elements.js';
import { actionOf, isField, isTalkKey } from './keys.js';
/** @import {Store} from './store.js' */

/**
 * @param {Store} store
 * @param {Record<import('./keys.js').KeyAction, () => void>} actions
 * @param {(held: boolean) => void} talk
 */
export function listenToKeys(store, actions, talk) {
  /** Buttons that were clicked since the last Tab: such a one keeps the focus, but not Space. @type {WeakSet<Element>} */
  let pointed = new WeakSet();
  const where = () => ({
    isLive: store.state.screen === 'live' && !store.state.lost,
    inField: isField(document.activeElement),
    inDialog: document.querySelector('dialog[open]') !== null,
    onButton: document.activeElement instanceof HTMLButtonElement && document.activeElement !== page.talk
      && !pointed.has(document.activeElement),
  });

  // A click leaves the focus on its button, where the next Space would press it again instead of talking. Who comes by
  // Tab means the button.
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
    if (event.key !== ' ' || !store.state.held) return;
    event.preventDefault();
    talk(false);
  });
}
