// The page's address: `#/recordings`, `#/recordings/EPISODE`, `#/recordings/EPISODE/MILLISECONDS`; without it the studio.

/**
 * @param {string} hash
 * @returns {{place: string, episode: string, atMs: number | undefined}}
 */
export function asked(hash) {
  const [, place = '', episode = '', ms = ''] = hash.split('/');
  return { place, episode: decodeURIComponent(episode), atMs: /^\d+$/.test(ms) ? Number(ms) : undefined };
}

/** @param {string} episode */
export const recordingAddress = (episode) => `#/recordings/${encodeURIComponent(episode)}`;
