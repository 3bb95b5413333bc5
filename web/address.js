// The page's address: `#/recordings`, `#/recordings/EPISODE`, `#/recordings/EPISODE/MILLISECONDS`; without it the studio.

/**
 * @param {string} hash
 * @returns {{place: string, episode: string, atMs: number | undefined}}
 */
export function asked(hash) {
  const [, place = '', episode = '', ms = ''] = hash.split('/');
  return { place, episode: decoded(episode), atMs: /^\d+$/.test(ms) ? Number(ms) : undefined };
}

/** Empty where it cannot be read: somebody may have cut the address short. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** @param {string} episode */
export const recordingAddress = (episode) => `#/recordings/${encodeURIComponent(episode)}`;
