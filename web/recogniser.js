// Whether the studio understands what is said, as `/health` has it. Pure.
/** @import {AdapterFacts} from './types' */

/**
 * The recogniser that cannot serve, where there is none that can; `null` where one can, or will in a moment.
 * @param {AdapterFacts[]} adapters
 */
export function lostRecogniser(adapters) {
  const recognisers = adapters.filter(({ kind }) => kind === 'stt');
  return recognisers.every(({ state }) => state === 'unavailable') ? recognisers[0] ?? null : null;
}

/** For the host, before they enter. @param {AdapterFacts} recogniser */
export const lostText = ({ name, reason }) => `Nobody would understand you: the studio’s speech recognition${name ? ` (${name})` : ''} is not available`
  + `${reason ? `: ${reason}` : ''}. In a session you can type what you would say.`;
