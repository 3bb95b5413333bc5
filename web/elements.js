// The parts of the page that its modules speak of, found once.
import { LevelMeter } from './level-meter.js';

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

export const page = {
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
  restart: element('restart', HTMLButtonElement),
  link: element('link', HTMLButtonElement),
  linkWord: element('link-word', HTMLElement),
  connection: element('connection', HTMLElement),
  panel: element('panel', HTMLElement),
  linkFigures: element('link-figures', HTMLElement),
  ownLevel: element('own-level', LevelMeter),
  microphone: element('microphone', HTMLSelectElement),
  mute: element('mute', HTMLButtonElement),
  talk: element('talk', HTMLButtonElement),
  interrupt: element('interrupt', HTMLButtonElement),
  autopilot: element('autopilot', HTMLButtonElement),
  marker: element('marker', HTMLButtonElement),
  strike: element('strike', HTMLButtonElement),
  type: element('type', HTMLButtonElement),
  say: element('say', HTMLFormElement),
  sayText: element('say-text', HTMLInputElement),
  end: element('end', HTMLButtonElement),
  claude: element('nominate-claude', HTMLButtonElement),
  guest: element('nominate-guest', HTMLButtonElement),
  panelToggle: element('panel-toggle', HTMLButtonElement),
  help: element('help', HTMLButtonElement),
  helpDialog: element('help-dialog', HTMLDialogElement),
  helpKeys: element('help-keys', HTMLElement),
  endDialog: element('end-dialog', HTMLDialogElement),
  endedHeading: element('ended-heading', HTMLElement),
  goingOn: element('going-on', HTMLElement),
  return: element('return', HTMLButtonElement),
  again: element('again', HTMLButtonElement),
  delete: element('delete', HTMLButtonElement),
  deleteDialog: element('delete-dialog', HTMLDialogElement),
  accessDialog: element('access-dialog', HTMLDialogElement),
  accessForm: element('access-form', HTMLFormElement),
  accessProblem: element('access-problem', HTMLElement),
  token: element('token', HTMLInputElement),
};

/** Parts of the page that belong to one screen. */
export const screens = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-for]')]);

/** @param {HTMLElement} target @param {string} text Written only when it differs: live regions read every change. */
export function show(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @param {HTMLButtonElement} button @param {boolean} isPressed @param {string} text */
export function press(button, isPressed, text) {
  button.setAttribute('aria-pressed', String(isPressed));
  const label = button.querySelector('[data-label]');
  if (label instanceof HTMLElement) show(label, text);
}

/** Terms and their figures, as the children of a `dl`. @param {[string, string][]} rows */
export const figureRows = (rows) => rows.flatMap(([term, text]) => {
  const [name, value] = [document.createElement('dt'), document.createElement('dd')];
  name.textContent = term;
  value.textContent = text;
  return [name, value];
});
