// What outlives a reload of the page: the way back into a session, for as long as the studio keeps it.

const KEY = 'studio.session';
/** The studio waits a minute for a listener; whoever comes later begins anew. */
const KEPT_MS = 60_000;

/** @typedef {{resumeToken: string, episodeId: string, hasHeadphones: boolean, deviceId: string, sampleRate: number}} Kept */

/** @param {Kept} kept */
export function keep(kept) {
  sessionStorage.setItem(KEY, JSON.stringify({ ...kept, at: Date.now() }));
}

export function forget() {
  sessionStorage.removeItem(KEY);
}

/** Still there: the minute is counted from now. */
export function touch() {
  const kept = sessionStorage.getItem(KEY);
  if (kept) sessionStorage.setItem(KEY, JSON.stringify({ ...JSON.parse(kept), at: Date.now() }));
}

/** @returns {Kept | null} */
export function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    return found && Date.now() - found.at < KEPT_MS ? found : null;
  } catch {
    return null;
  }
}
