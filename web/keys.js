// Which key does what. Pure.

/** @typedef {'mute' | 'interrupt' | 'autopilot' | 'marker' | 'strike' | 'type' | 'whisper' | 'claude' | 'guest' | 'captions' | 'figures' | 'help'} KeyAction */

/** For the help, in the order of the buttons; `{claude}` and `{guest}` stand for their names. @type {{key: string, action: KeyAction | 'talk', does: string}[]} */
export const KEYS = [
  { key: 'M', action: 'mute', does: 'Mute or unmute your microphone' },
  { key: 'Space', action: 'talk', does: 'Hold while you talk: nobody answers until you let go' },
  { key: 'Esc', action: 'interrupt', does: 'Interrupt whoever speaks (X does it too)' },
  { key: 'A', action: 'autopilot', does: 'Let the two AIs go on by themselves' },
  { key: '1', action: 'claude', does: 'Give {claude} the next word' },
  { key: '2', action: 'guest', does: 'Give {guest} the next word' },
  { key: 'K', action: 'marker', does: 'Mark this moment for the edit' },
  { key: 'S', action: 'strike', does: 'Strike the last turn from the show; you are asked before the turn before it goes, too' },
  { key: 'T', action: 'type', does: 'Type a line instead of speaking it' },
  { key: 'W', action: 'whisper', does: 'Whisper to an AI: nobody else hears it' },
  { key: 'C', action: 'captions', does: 'Show or hide the captions' },
  { key: 'H', action: 'figures', does: 'Show or hide what the engine knows' },
  { key: '?', action: 'help', does: 'Show this help' },
];

/**
 * The help in words: who is at the table is called by name.
 * @param {import('./types').StudioState['names']} names
 */
export const keyHelp = (names) => KEYS.map(({ key, does }) => ({
  key, does: does.replace('{claude}', names.claude).replace('{guest}', names.guest) }));

/** Other names of keys. @type {Record<string, string>} */
const ALIASES = { escape: 'esc', x: 'esc' };

/**
 * @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, repeat: boolean}} event
 * @param {{isLive: boolean, inField: boolean, inDialog: boolean}} where
 * @returns {KeyAction | null}
 */
export function actionOf(event, { isLive, inField, inDialog }) {
  if (!isLive || inField || inDialog || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return null;
  const pressed = event.key.toLowerCase();
  const name = ALIASES[pressed] ?? pressed;
  const action = KEYS.find(({ key }) => key.toLowerCase() === name)?.action;
  return action && action !== 'talk' ? action : null;
}

/**
 * Whether this is the talk key, and not a button's own: Space presses the focused button.
 * @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean}} event
 * @param {{isLive: boolean, inField: boolean, inDialog: boolean, onButton: boolean}} where
 */
export function isTalkKey(event, { isLive, inField, inDialog, onButton }) {
  return event.key === ' ' && isLive && !inField && !inDialog && !onButton && !event.ctrlKey && !event.altKey && !event.metaKey;
}

/**
 * Whether keys belong to the focused element.
 * @param {Element | null} element
 */
export function isField(element) {
  return element?.matches('input, textarea, select, [contenteditable=""], [contenteditable="true"]') ?? false;
}
