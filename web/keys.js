// Which key does what. Pure.

/** @typedef {'mute' | 'interrupt' | 'autopilot' | 'help'} KeyAction */

/** For the help, in the order of the buttons. @type {{key: string, action: KeyAction, does: string}[]} */
export const KEYS = [
  { key: 'M', action: 'mute', does: 'Mute or unmute your microphone' },
  { key: 'Esc', action: 'interrupt', does: 'Interrupt whoever speaks' },
  { key: 'A', action: 'autopilot', does: 'Let the two AIs go on by themselves' },
  { key: '?', action: 'help', does: 'Show this help' },
];

/**
 * @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, repeat: boolean}} event
 * @param {{isLive: boolean, inField: boolean, inDialog: boolean}} where
 * @returns {KeyAction | null}
 */
export function actionOf(event, { isLive, inField, inDialog }) {
  if (!isLive || inField || inDialog || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return null;
  const name = event.key === 'Escape' ? 'esc' : event.key.toLowerCase();
  return KEYS.find(({ key }) => key.toLowerCase() === name)?.action ?? null;
}

/**
 * Whether keys belong to the focused element.
 * @param {Element | null} element
 */
export function isField(element) {
  return element?.matches('input, textarea, select, [contenteditable=""], [contenteditable="true"]') ?? false;
}
