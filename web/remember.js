// What outlives a reload of the page: the way back into a session, for as long as the studio keeps it, and what the host
// answered on the first screen. Only for this tab: on a shared computer nobody finds the name of who was here before.
// What a host prefers names nobody, and stays with the browser.

const KEY = 'studio.session';
const HOST_KEY = 'studio.host';
/** The studio waits a minute for a listener; whoever comes later begins anew. */
const KEPT_MS = 60_000;

/**
 * @typedef {{resumeToken: string, episodeId: string, hasHeadphones: boolean, deviceId: string, sampleRate: number, briefing: string}} Kept
 *   `briefing` is its name, empty where the page does not know it.
 * @typedef {{name: string, briefing: string, hasHeadphones: boolean}} Host
 */

/** @param {Kept} kept */
export function keep(kept) {
  write(KEY, { ...kept, at: Date.now() });
}

export function forget() {
  write(KEY, null);
}

/** Still there: the minute is counted from now. */
export function touch() {
  amend({ at: Date.now() });
}

/**
 * Another microphone: a reload goes on with it, and asks for it in the same way.
 * @param {string} deviceId @param {boolean} hasHeadphones
 */
export function changeDevice(deviceId, hasHeadphones) {
  amend({ deviceId, hasHeadphones });
}

/** @returns {Kept | null} */
export function kept() {
  const found = read(KEY);
  return found && Date.now() - found.at < KEPT_MS ? found : null;
}

/** @param {Host} host */
export function keepHost(host) {
  write(HOST_KEY, host);
}

/** @returns {Host | null} */
export const host = () => read(HOST_KEY);

/** @param {string} name @returns {string | null} */
export function preference(name) {
  try {
    return localStorage.getItem(`studio.${name}`);
  } catch {
    // A browser that lets pages keep nothing.
    return null;
  }
}

/** @param {string} name @param {string} value */
export function prefer(name, value) {
  try {
    localStorage.setItem(`studio.${name}`, value);
  } catch {
    // It holds for this page, then.
  }
}

/** @param {Partial<Kept> & {at?: number}} fields */
function amend(fields) {
  const found = read(KEY);
  if (found) write(KEY, { ...found, ...fields });
}

/** @param {string} key @returns {any} What can be read of it; `null` where nothing can. */
function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** @param {string} key @param {unknown} value `null` forgets it. */
function write(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A browser that lets pages keep nothing, or no more: a reload begins anew.
  }
}
