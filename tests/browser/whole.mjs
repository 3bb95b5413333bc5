// What the tests of the whole studio share: the real binary, a real Chromium, a synthetic host, the tap before the
// loudspeaker, and reading what was recorded.
import assert from 'node:assert/strict';
import { execFileSync, execSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, '../..');
export const SHOTS = join(ROOT, 'target/page');
export const RATE = 48_000;
/** For what must come. A busy machine is slow; one that never comes is a fault. */
export const LIMIT = { timeout: 40_000 };
const STUDIO = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/studio');

/** Starts the studio on a port of the system's choice and waits for the line that names it. */
export async function startStudio(settings = {}) {
  assert.ok(existsSync(STUDIO), `${STUDIO} is there: ./dev builds it first`);
  mkdirSync(SHOTS, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'studio-whole-'));
  const studio = spawn(STUDIO, ['serve'], {
    cwd: work,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', RECORDING_DIR: join(work, 'recordings'),
      BRIEFINGS_DIR: join(ROOT, 'briefings'), STUDIO_MODELS_DIR: join(ROOT, 'models'), ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise((resolve, reject) => {
    let said = '';
    studio.stdout.setEncoding('utf8');
    studio.stdout.on('data', (text) => {
      said += text;
      const found = said.match(/Listening on (http:\/\/\S+)/);
      if (found) resolve(found[1]);
    });
    studio.once('exit', (code) => reject(new Error(`the studio ended with ${code}: ${said}`)));
  });
  return {
    work,
    address,
    async stop() {
      const isOver = new Promise((resolve) => studio.once('exit', resolve));
      studio.kill('SIGTERM');
      assert.equal(await isOver, 0, 'the studio stops in order');
      rmSync(work, { recursive: true, force: true });
    },
  };
}

/** A browser of its own; with a WAV file as its microphone, or with what a page puts in its place. */
export async function launch({ wav = '', isAllowed = true } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'studio-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? execSync('command -v chromium').toString().trim(),
    headless: true,
    // The tap's worklet comes from a blob, which the page's policy forbids; `page.test.mjs` keeps the policy.
    bypassCSP: true,
    viewport: { width: 1280, height: 800 },
    colorScheme: 'dark',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--allow-loopback-in-peer-connection', '--use-fake-device-for-media-stream',
      ...(isAllowed ? ['--use-fake-ui-for-media-stream'] : []),
      ...(wav ? [`--use-file-for-fake-audio-capture=${wav}%noloop`] : [])],
  });
  const close = context.close.bind(context);
  context.close = async () => {
    await close();
    rmSync(profile, { recursive: true, force: true });
  };
  return context;
}

/** A line of ours at the rate of Chromium's fake device, after the silence in which the page opens. */
export function microphone(work, name, silenceMs) {
  const wav = join(work, `${name}-48k.wav`);
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', join(ROOT, `tests/audio/${name}.wav`), '-ar', `${RATE}`,
    '-af', `adelay=${silenceMs},apad=pad_dur=20`, wav]);
  return wav;
}

/** A worklet's module is not seen by the test's routes, so it comes from the page itself. */
async function tapInto(page) {
  await page.addInitScript((code) => { window.__tapModule = URL.createObjectURL(new Blob([code], { type: 'text/javascript' })); },
    readFileSync(join(HERE, 'tap-worklet.js'), 'utf8'));
  await page.addInitScript({ path: join(HERE, 'tap.js') });
}

/** In the page, before its own code: stands for the microphone; `hostSay` plays a file into it. */
function syntheticHost() {
  window.__asked = 0;
  let context = null;
  let microphone = null;
  navigator.mediaDevices.getUserMedia = async () => {
    window.__asked += 1;
    // One for each asking: the page stops the tracks of the one it had.
    await context?.close();
    context = new AudioContext({ sampleRate: 48_000 });
    microphone = context.createMediaStreamDestination();
    await context.resume();
    return microphone.stream;
  };
  window.hostSay = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(microphone);
    const isOver = new Promise((resolve) => { source.onended = resolve; });
    source.start();
    await isOver;
  };
}

/** A page before its session, with its complaints collected, its loudspeaker tapped and, unless said, a synthetic host. */
export async function open(context, address, { isSynthetic = true, way = 'socket' } = {}) {
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== new URL(address).host) complaints.push(`asked ${url}`);
  });
  if (isSynthetic) await page.addInitScript(syntheticHost);
  await tapInto(page);
  // Sample for sample over the socket, unless a test wants the other way.
  await page.addInitScript((chosen) => localStorage.setItem('studio.sound-way', chosen), way);
  await page.goto(address);
  await page.waitForFunction(() => document.querySelector('#briefing').value !== '', null, LIMIT);
  const line = (name) => readFileSync(join(ROOT, `tests/audio/${name}.wav`)).toString('base64');
  return {
    page,
    complaints,
    /** Speaks a line of tests/audio; resolves when it is over. */
    say: (name) => page.evaluate((base64) => window.hostSay(base64), line(name)),
  };
}

/** From the first screen into a live session: studio sound, so that waveforms can be compared. */
export async function enter(page) {
  await page.check('input[name=headphones][value=yes]', { force: true });
  await page.click('button[type=submit]');
  await page.waitForSelector('body[data-screen="live"]', LIMIT);
}

/** Waits until nobody but the host has anything to say. */
export const isQuiet = (page) => page.waitForFunction(() => !document.querySelector(
  '[data-orb]:not([data-orb=you]):is([data-state=speaking], [data-state=thinking], [data-state=paused])'), null, LIMIT);

/** Waits for final captions: so many of this speaker's. */
export const finals = (page, speaker, count) => page.waitForFunction(([who, least]) =>
  document.querySelectorAll(`#captions-final [data-speaker=${who}]`).length >= least, [speaker, count], LIMIT);

/** Waits until an AI has been heard to say so many words in one caption. */
export const heardWords = (page, count) => page.waitForFunction((least) =>
  [...document.querySelectorAll('#captions-interim .caption:not([data-speaker=you])')]
    .some((row) => row.querySelectorAll('.heard').length >= least), count, LIMIT);

/** Ends the session; what was recorded, what was logged, and what the page had played. */
export async function end(page, work) {
  await page.click('#end');
  await page.click('#end-confirm');
  await page.waitForSelector('#take[data-drawn]', LIMIT);
  const played = await heard(page);
  const episode = decodeURIComponent(new URL(page.url()).hash.split('/').at(-1));
  const folder = join(work, 'recordings', episode);
  const events = readFileSync(join(folder, 'events.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  return { folder, events, played, track: (speaker) => decode(join(folder, `${speaker}.webm`)) };
}

/** Everything the page has played in the audio context that it used last: in the session, after the lobby’s. */
export async function heard(page) {
  const blocks = await page.evaluate(() => {
    const { blocks } = window.__heard;
    const last = blocks.at(-1)?.tap;
    return blocks.filter(({ tap }) => tap === last).map(({ first, pcm }) => [first, [...pcm]]);
  });
  if (blocks.length === 0) return new Float32Array(0);
  const pcm = new Float32Array(blocks.at(-1)[0] + 128 - blocks[0][0]);
  for (const [first, samples] of blocks) pcm.set(samples, first - blocks[0][0]);
  return pcm;
}

/** Any file of sound as mono samples at 48 kHz. */
export function decode(file) {
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-ac', '1', '-ar', `${RATE}`, '-f', 'f32le', '-'], { maxBuffer: 1 << 28 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** First and last place louder than −40 dB, or −1. */
export const firstLoud = (pcm) => pcm.findIndex((sample) => Math.abs(sample) > 0.01);
export const lastLoud = (pcm) => pcm.findLastIndex((sample) => Math.abs(sample) > 0.01);

/**
 * How much two recordings of one sound are alike: the correlation of a second from where each begins to be loud, at the
 * shift where it is greatest.
 */
export function likeness(a, b, shiftMax = 480, length = RATE) {
  const cut = (pcm) => pcm.subarray(Math.max(0, firstLoud(pcm) - shiftMax), Math.max(0, firstLoud(pcm) - shiftMax) + length);
  const [x, y] = [cut(a), cut(b)];
  let best = 0;
  for (let shift = -shiftMax; shift <= shiftMax; shift++) {
    let [xy, xx, yy] = [0, 0, 0];
    for (let i = shiftMax; i < Math.min(x.length, y.length) - shiftMax; i++) {
      const [p, q] = [x[i], y[i + shift]];
      xy += p * q; xx += p * p; yy += q * q;
    }
    best = Math.max(best, xy / Math.sqrt(xx * yy || 1));
  }
  return best;
}
