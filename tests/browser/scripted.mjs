// What the tests of the page against a scripted studio share: the studio's answers, Chromium, and how a screen is judged.
import assert from 'node:assert/strict';
import { execFileSync, execSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startServer } from './server.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, '../..');
export const SHOTS = join(ROOT, 'target/page');

const rest = { language: 'en', roles: ['host', 'co-host', 'guest'], voices: ['', 'slt', 'rms'], segments: [
  { title: 'Why they went', minutes: 2, goal: 'How the beds left the rails.' },
  { title: 'Why they came back', minutes: 6, goal: 'Who pays, who sleeps, who profits.' },
  { title: 'What comes next', minutes: 0, goal: '' },
] };
const BRIEFINGS = JSON.stringify({ briefings: [
  { name: 'night-trains', title: 'Why night trains came back', episode: 'night-trains', speakers: ['Mona', 'Ada', 'Grace'], ...rest },
  { name: 'engines', title: 'The engine that was never built', episode: 'engines', speakers: ['Mona', 'Claude', 'Guest'], ...rest },
] });

const SHA = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
export const FILES = [['you.webm', 1_204_331], ['claude.webm', 982_113], ['guest.webm', 811_002], ['episode.vtt', 4_210], ['events.jsonl', 88_120],
  ['session.yml', 990]].map(([name, bytes]) => ({ name, url: `/api/recordings/first-night/${name}`, type: '', bytes, sha256: SHA }));
const CUES = [['Mona', 1_000, 'Ada, why did the night trains come back?'], ['Ada', 4_200, 'Because a bed that moves is worth more than an hour saved.'],
  ['Mona', 9_000, 'Hold on, who pays for it?'], ['Grace', 11_500, 'The sleepers do, mostly.']]
  .map(([speaker, startMs, text]) => ({ speaker, startMs, endMs: startMs + 2600, text }));
const TAKE = JSON.stringify({
  episodeId: 'first-night', title: 'Why night trains came back', state: 'finished', startedUtc: '2026-02-03T19:00:00.000Z', durationMs: 16_000,
  language: 'en', recovered: false, markers: [{ at_s: 8.5, label: 'good laugh' }], captions: CUES, files: FILES,
  speakers: [['you', 'Mona'], ['claude', 'Ada'], ['guest', 'Grace']].map(([speaker, name]) => ({ speaker, name, track: `${speaker}.webm` })),
});
/** Speech-like waves at the places of the captions. */
const wave = (name) => Array.from({ length: 1200 }, (_, i) => {
  const at = (i / 1200) * 16_000;
  const isOn = CUES.some(({ speaker, startMs, endMs }) => speaker === name && startMs <= at && at < endMs);
  return isOn ? Math.round(60 + 150 * Math.abs(Math.sin(i * 1.7) * Math.sin(i * 0.23))) : 0;
});
const PEAKS = JSON.stringify({ durationMs: 16_000, tracks: { you: wave('Mona'), claude: wave('Ada'), guest: wave('Grace') } });
const SHELF = JSON.stringify({ total: 2, recordings: [
  { episodeId: 'first-night', title: 'Why night trains came back', state: 'finished', startedUtc: '2026-02-03T19:00:00.000Z', durationMs: 16_000,
    bytes: 3_090_766, speakers: ['Mona', 'Ada', 'Grace'], markers: 1, recovered: false, matchCount: 7, matches: [CUES[1]] },
  { episodeId: 'engines-2', title: 'The engine that was never built', state: 'finished', startedUtc: '2026-02-01T19:00:00.000Z', durationMs: 3_725_000,
    bytes: 96_000_000, speakers: ['Mona', 'Claude', 'Guest'], markers: 0, recovered: true, matchCount: 0, matches: [] },
] });

/** One that is being recorded, as the studio tells of it. */
const ON_AIR = JSON.stringify({ episodeId: 'now', title: 'now', state: 'on-air', startedUtc: null, durationMs: null, language: '', recovered: false,
  markers: [], cuts: [], captions: [], speakers: [], files: [] });
const missing = (_, response) => response.writeHead(404, { 'content-type': 'application/json' })
  .end('{"code":"not_found","message":"there is no such recording","hint":"see docs/api.md for the addresses"}');

/** Sixteen silent seconds that Chromium can play. */
const TRACK = execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=mono', '-t', '16', '-c:a', 'libopus', '-f', 'webm', '-'],
  { maxBuffer: 1 << 24 });

/** @type {Awaited<ReturnType<typeof startServer>>} */
export let server;
export const contexts = [];

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  server = await startServer(join(ROOT, 'web'), {
    '/__tap-worklet.js': readFileSync(join(HERE, 'tap-worklet.js')),
    '/__sheet.js': readFileSync(join(HERE, 'sheet.js')),
    '/__sheet.html': '<!doctype html><link rel="stylesheet" href="/style.css"><canvas></canvas><script type="module" src="/__sheet.js"></script>',
    '/api/briefings': BRIEFINGS,
    // As somebody has rewritten it since: in German.
    '/api/briefings/night-trains': JSON.stringify({ name: 'night-trains', text: '', briefing: { ...JSON.parse(BRIEFINGS).briefings[0], language: 'de' } }),
    '/api/sessions': '{"sessions":[]}',
    '/ready': '{"status":"ready"}',
    '/api/recordings': SHELF,
    '/api/recordings/nope': missing,
    '/api/recordings/now': ON_AIR,
    '/api/recordings/first-night': TAKE,
    '/api/recordings/first-night/peaks': PEAKS,
    ...Object.fromEntries(['you', 'claude', 'guest'].map((name) => [`/api/recordings/first-night/${name}.webm`, TRACK])),
  });
});

after(async () => {
  for (const [name, least] of contrasts) console.log(`least contrast of text, ${name}: ${least}`);
  for (const { context, profile } of contexts) {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
  server.close();
});

/** A spoken line where there is one; Chromium's own beeps otherwise. */
function microphone() {
  const shared = ['../shared', '../../shared'].map((path) => join(ROOT, path, 'fixtures/host/host-one-question.wav'));
  const own = existsSync(join(ROOT, 'tests/audio'))
    ? readdirSync(join(ROOT, 'tests/audio')).filter((name) => name.endsWith('.wav')).map((name) => join(ROOT, 'tests/audio', name))
    : [];
  return [...shared, ...own].find((path) => existsSync(path));
}

export async function launch({ isAllowed = true } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'studio-page-'));
  const wav = microphone();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? execSync('command -v chromium').toString().trim(),
    headless: true,
    viewport: { width: 1280, height: 800 },
    colorScheme: 'dark',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream',
      ...(isAllowed ? ['--use-fake-ui-for-media-stream'] : []),
      ...(wav ? [`--use-file-for-fake-audio-capture=${wav}%noloop`] : [])],
  });
  contexts.push({ context, profile });
  return context;
}

/** A page on the first screen of a studio, with its complaints collected. */
export async function open(context, { url = server.url, isReady = true } = {}) {
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL('/', url).href) && !request.url().startsWith('data:')) complaints.push(`asked ${request.url()}`);
  });
  await page.addInitScript({ path: join(HERE, 'tap.js') });
  await page.goto(url);
  if (isReady) await page.waitForFunction(() => document.querySelectorAll('#briefing option').length === 2);
  return { page, complaints };
}

/** From the first screen into a live session. */
export async function enter(page) {
  await page.fill('#name', 'Mona');
  await page.click('button[type=submit]');
  const client = await server.client();
  const hello = await client.text('hello');
  client.ready();
  await page.waitForSelector('body[data-screen="live"]');
  return { client, hello };
}

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** The least contrast of text on each screen, with where it is: printed at the end. */
const contrasts = new Map();

/** What axe finds on this screen; still, so that no half-way colour is judged. */
export async function findings(page, name = '') {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.evaluate(AXE);
  const { violations, least } = await page.evaluate(async () => {
    const found = await globalThis.axe.run();
    const ratios = found.passes.filter(({ id }) => id === 'color-contrast').flatMap(({ nodes }) => nodes)
      .map((node) => ({ ratio: node.any[0]?.data?.contrastRatio ?? Infinity, where: node.target.join(' ') }));
    return { violations: found.violations, least: ratios.toSorted((a, b) => a.ratio - b.ratio)[0] };
  });
  if (name && least) contrasts.set(name, `${least.ratio}:1 at ${least.where}`);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** A picture in both schemes, at 360 px and at 200 % zoom: nothing is clipped, and axe finds nothing. */
export async function everyLook(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await shot(page, `${name}-${colorScheme}`);
    assert.deepEqual(await findings(page, `${name} ${colorScheme}`), [], `${name} ${colorScheme}`);
  }
  for (const [width, height] of [[360, 740], [640, 400]]) {
    await page.setViewportSize({ width, height });
    await shot(page, `${name}-${width}`, { fullPage: true });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${name} at ${width}`);
    assert.deepEqual(await clipped(page), [], `${name} at ${width}`);
    assert.deepEqual(await overlapping(page), [], `${name} at ${width}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** Texts that do not fit into their own box. */
export const clipped = (page) => page.evaluate(() => [...document.querySelectorAll('main *, header *, dialog[open] *')]
  .filter((element) => element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
  .filter((element) => !element.closest('.unseen, select, option, del'))
  // Nor what only screen readers read.
  .filter((element) => getComputedStyle(element).clipPath !== 'inset(50%)')
  .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
  .map((element) => `${element.tagName} ${element.textContent.trim().slice(0, 40)}`));

/** Texts that lie over other texts. What scrolls under the dock, the row of controls and the notice, is read by scrolling on. */
export const overlapping = (page) => page.evaluate(() => {
  const dialog = document.querySelector('dialog[open]');
  const texts = [...(dialog ?? document).querySelectorAll(dialog ? '*' : 'main *, header *, .failure *')]
    .filter((element) => element.checkVisibility() && !element.closest('.unseen, select, option, .dock, del'))
    .flatMap((element) => [...element.childNodes].filter((node) => node.nodeType === 3 && node.textContent.trim()).flatMap((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      // A rectangle a line: what stands in the same paragraph lies beside it.
      return [...range.getClientRects()].map((line) => ({ line, node }));
    }).map(({ line, node }) => {
      let { left, right, top, bottom } = line;
      // Only what its scrolling place shows.
      for (let box = element; box && box !== document.body; box = box.parentElement) {
        if (getComputedStyle(box).overflowY === 'visible') continue;
        const seen = box.getBoundingClientRect();
        [left, right, top, bottom] = [Math.max(left, seen.left), Math.min(right, seen.right), Math.max(top, seen.top), Math.min(bottom, seen.bottom)];
      }
      return { element, left, right, top, bottom, text: node.textContent.trim().slice(0, 30) };
    })).filter(({ left, right, top, bottom }) => right - left > 2 && bottom - top > 2);
  const found = [];
  for (const [i, a] of texts.entries()) {
    for (const b of texts.slice(i + 1)) {
      // Lines of text are higher than their letters: a few pixels of two boxes may meet.
      const [width, height] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
      if (width > 4 && height > 6 && a.element !== b.element) found.push(`“${a.text}” over “${b.text}”`);
    }
  }
  return found.slice(0, 5);
});

export const shot = (page, name, options) => page.screenshot({ path: join(SHOTS, `${name}.png`), animations: 'disabled', ...options });

