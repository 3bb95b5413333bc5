// What the studio needs of a browser, and what it can do without. Pure: the caller hands in the browser.

/** @typedef {{window: Record<string, any>, isSecure: boolean, hasMicrophones: boolean}} Browser */

/** @type {{isThere: (browser: Browser) => boolean, missing: string, isNeeded: boolean}[]} */
const PARTS = [
  { isThere: ({ isSecure }) => isSecure, isNeeded: true,
    missing: 'This page is not open at http://localhost or over https, so the browser gives it no microphone.' },
  { isThere: ({ hasMicrophones }) => hasMicrophones, isNeeded: true, missing: 'This browser gives pages no microphone.' },
  { isThere: ({ window }) => 'AudioWorkletNode' in window, isNeeded: true, missing: 'This browser has no audio worklets, on which the studio’s sound is built.' },
  { isThere: ({ window }) => 'WebSocket' in window, isNeeded: true, missing: 'This browser has no WebSocket, the way to the studio.' },
  { isThere: ({ window }) => 'MediaRecorder' in window, isNeeded: false, missing: 'Without MediaRecorder you cannot hear yourself or have a sentence recognised here.' },
  { isThere: ({ window }) => 'RTCPeerConnection' in window, isNeeded: false, missing: 'Without WebRTC sound takes the WebSocket, which a bad line can hold up.' },
  { isThere: ({ window }) => 'setSinkId' in (window.AudioContext?.prototype ?? {}), isNeeded: false,
    missing: 'The loudspeaker is chosen in the system’s settings here.' },
];

/**
 * @param {Browser} browser
 * @returns {{canRun: boolean, lines: string[]}} What is missing, in words; one line that says all is well if nothing is.
 */
export function checkBrowser(browser) {
  const missing = PARTS.filter(({ isThere }) => !isThere(browser));
  const canRun = !missing.some(({ isNeeded }) => isNeeded);
  const needed = missing.filter(({ isNeeded }) => isNeeded);
  const lines = (canRun ? missing : needed).map((part) => part.missing);
  if (lines.length === 0) lines.push('Your browser has everything the studio needs.');
  if (!canRun) lines.push('Use a current Chrome, Edge, Firefox or Safari.');
  return { canRun, lines };
}

/** The browser that this page runs in. @returns {Browser} */
export const thisBrowser = () => ({
  window: /** @type {any} */ (globalThis), isSecure: globalThis.isSecureContext, hasMicrophones: Boolean(navigator.mediaDevices?.getUserMedia),
});
