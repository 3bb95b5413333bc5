// Questions over HTTP, and their refusals in words. docs/api.md is the full text.
/** @import {AdapterFacts, Briefing, Failure, Recording, ShelfPage, Waveforms} from './types' */

/** A refusal of the studio, or no answer at all. */
export class ApiFailure extends Error {
  /** @param {string} code @param {Failure} failure */
  constructor(code, failure) {
    super(failure.title);
    this.code = code;
    this.failure = failure;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<any>} The answer's JSON; `null` where there is none.
 * @throws {ApiFailure}
 */
export async function ask(path, init) {
  let response;
  try {
    // From the origin: an address with a password in it, as broadcasting software opens pages, is none to ask under.
    response = await fetch(new URL(path, location.origin), { ...init, headers: { accept: 'application/json', ...init?.headers } });
  } catch {
    throw new ApiFailure('unreachable', { title: 'The studio does not answer.', advice: 'Check that it is running, then try again.' });
  }
  if (response.status === 204) return null;
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new ApiFailure(String(body?.code ?? response.status), {
    title: sentence(body?.message ?? `The studio answered ${response.status}`), advice: sentence(body?.hint ?? ''),
  });
}

/** @param {string} method @param {unknown} [body] @returns {RequestInit} */
const sending = (method, body) => ({
  method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
});

/** @returns {Promise<Briefing[]>} */
export const briefings = async () => (await ask('/api/briefings')).briefings;
/** One of them. @param {string} name @returns {Promise<Briefing>} */
export const briefing = async (name) => (await ask(`/api/briefings/${encodeURIComponent(name)}`)).briefing;
/**
 * What is on air.
 * @param {string} pageUrl Broadcasting software has no form to sign in: the token stands in the address it opened.
 * @returns {Promise<{sessions: {sessionId: string}[]}>}
 */
export function sessions(pageUrl) {
  const { username, password } = new URL(pageUrl);
  const pass = btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return ask('/api/sessions', password ? { headers: { authorization: `Basic ${pass}` } } : {});
}
/** @param {string} q @param {number} offset @returns {Promise<ShelfPage>} */
export const recordings = (q, offset) => ask(`/api/recordings?${new URLSearchParams({ q, offset: String(offset) })}`);
/** @param {string} episode @returns {Promise<Recording>} */
export const recording = (episode) => ask(`/api/recordings/${encodeURIComponent(episode)}`);
/** @param {string} episode @param {number} points @returns {Promise<Waveforms>} */
export const waveforms = (episode, points) => ask(`/api/recordings/${encodeURIComponent(episode)}/peaks?points=${points}`);
/** @param {string} episode */
export const deleteRecording = (episode) => ask(`/api/recordings/${encodeURIComponent(episode)}`, sending('DELETE'));
/** What serves the studio. @returns {Promise<AdapterFacts[]>} */
export const adapters = async () => (await ask('/health')).adapters?.available ?? [];
/** @param {string} token */
export const signIn = (token) => ask('/api/access', sending('POST', { token }));

/**
 * What the studio's recogniser understands of a read sentence.
 * @param {Int16Array<ArrayBuffer>} samples At 16 kHz. @param {string} briefing Whose show; the first one for an empty name.
 * @returns {Promise<{text: string, recogniser: string}>}
 */
export const heardWords = (samples, briefing) => ask(`/api/sound-check?${new URLSearchParams({ briefing })}`,
  { method: 'POST', body: samples, headers: { 'content-type': 'application/octet-stream' } });

/** What takes longer is no answer: shorter than the time between two questions. */
const ROUND_TRIP_MS_MAX = 4000;

/** How long an answer takes, in ms. @returns {Promise<number>} @throws Without one within a few seconds. */
export async function roundTrip() {
  const start = performance.now();
  await fetch(new URL('/ready', location.origin), { cache: 'no-store', signal: AbortSignal.timeout(ROUND_TRIP_MS_MAX) });
  return performance.now() - start;
}

/** @param {string} text The wire's words begin small and end open. */
export function sentence(text) {
  if (!text) return '';
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? '' : '.'}`;
}
