// What went wrong, in words that a host can act on. Pure.
/** @import {Failure, Screen} from './types' */

/** Names of the browser's exceptions when a microphone is asked for. @type {Record<string, Failure>} */
const MICROPHONE = {
  NotAllowedError: {
    title: 'The microphone is not allowed.',
    advice: 'Allow it with the symbol beside the address of this page, then start again.',
  },
  NotFoundError: {
    title: 'No microphone was found.',
    advice: 'Connect one, or switch it on in the system’s sound settings, then start again.',
  },
  NotReadableError: {
    title: 'The microphone cannot be opened.',
    advice: 'Another program may be holding it. Close that program, then start again.',
  },
  OverconstrainedError: {
    title: 'The microphone cannot do what the studio needs.',
    advice: 'Choose another one in the browser’s settings, then start again.',
  },
  SecurityError: {
    title: 'The browser gives this page no microphone.',
    advice: 'Open the studio at http://localhost or over https.',
  },
};

/** An older browser's `OverconstrainedError` is no `Error`, and has a name all the same. @param {unknown} error @returns {string} */
export const errorName = (error) => /** @type {{name?: string} | null | undefined} */ (error)?.name ?? '';

/** Whether the microphone that was asked for is not there: the second is said of one that was asked for by its id. @param {unknown} error */
export const isMissing = (error) => ['NotFoundError', 'OverconstrainedError'].includes(errorName(error));

/**
 * Why a session could not be started here.
 * @param {unknown} error
 * @returns {Failure}
 */
export function startFailure(error) {
  return MICROPHONE[errorName(error)] ?? {
    title: 'The audio could not be started.',
    advice: `Reload the page and try again. The browser said: ${error instanceof Error ? error.message : String(error)}`,
  };
}

/** The browser lacks what the studio is built on. @type {Failure} */
export const UNSUPPORTED = {
  title: 'This browser cannot run the studio.',
  advice: 'Use a current Chrome, Edge, Firefox or Safari, and open the page at http://localhost or over https.',
};

/** Nobody came back within the minute in which the studio waits. @type {Failure} */
export const GAVE_UP = {
  title: 'The connection to the studio was lost.',
  advice: 'The minute in which the studio waits is over, and your microphone is off. What was recorded is kept. Connecting again opens the microphone anew.',
};

/**
 * Why the socket closed.
 * @param {number} code Of the WebSocket.
 * @param {Screen} screen Where the host was.
 * @returns {Failure}
 */
export function closeFailure(code, screen) {
  if (screen === 'connecting') {
    return code === 1013
      ? { title: 'The studio takes no new sessions now.', advice: 'Try again in a minute.' }
      : { title: 'The studio cannot be reached.', advice: 'Check that it is running, then start again.' };
  }
  if (screen === 'finishing') {
    return {
      title: 'The connection was lost while the recording was being finished.',
      advice: 'The studio finishes it by itself. You find it in the recordings folder.',
    };
  }
  if (code === 1000) {
    return { title: 'The studio ended the session.', advice: 'What was recorded is kept in the recordings folder.' };
  }
  if (code === 1011) {
    return { title: 'The session failed.', advice: 'What was recorded is kept in the recordings folder. Start another one.' };
  }
  return {
    title: 'The connection to the studio was lost.',
    advice: 'What was recorded is kept. Connect again within a minute to go on where you were.',
  };
}
