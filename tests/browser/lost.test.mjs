// The page behind a network that cuts, delays and halves its socket: two AIs talk through it, and what they say arrives,
// sounds and is recorded exactly once. The real binary with its own voices, the page in a real Chromium.
import assert from 'node:assert/strict';
import { execFileSync, execSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startWeather } from './weather.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../..');
const STUDIO = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/studio');
const RATE = 48_000;
const LIMIT = { timeout: 60_000 };
/** Connections that must have been lost for the test to mean something. */
const CUTS_MIN = 8;
/** Samples below are silence. */
const QUIET = 0.01;
/** How much of what sounds may lie so near to silence that the codec puts it on the other side. */
const DOUBT = 0.03;
/** Stretches of 10 ms. */
const STRETCH = 480;

let work, studio, address, context, weather;

before(async () => {
  assert.ok(existsSync(STUDIO), `${STUDIO} is there: ./dev builds it first`);
  work = mkdtempSync(join(tmpdir(), 'studio-lost-'));
  studio = spawn(STUDIO, ['serve'], {
    cwd: work,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', RECORDING_DIR: join(work, 'recordings'),
      BRIEFINGS_DIR: join(ROOT, 'briefings'), STUDIO_MODELS_DIR: join(ROOT, 'models') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  address = await new Promise((resolve, reject) => {
    let said = '';
    studio.stdout.setEncoding('utf8');
    studio.stdout.on('data', (text) => {
      said += text;
      const found = said.match(/Listening on (http:\/\/\S+)/);
      if (found) resolve(found[1]);
    });
    studio.once('exit', (code) => reject(new Error(`the studio ended with ${code}: ${said}`)));
  });
  weather = await startWeather(address, { seed: 11, lifeMs: [700, 3500], slowPercent: 6, slowMs: 60 });
  // A microphone that is on and hears nothing.
  const silence = join(work, 'silence.wav');
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `anullsrc=r=${RATE}:cl=mono`, '-t', '5', silence]);
  context = await chromium.launchPersistentContext(join(work, 'profile'), {
    executablePath: process.env.CHROMIUM ?? execSync('command -v chromium').toString().trim(),
    headless: true,
    bypassCSP: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${silence}`],
  });
});

after(async () => {
  await context?.close();
  weather?.close();
  const isOver = new Promise((resolve) => studio.once('exit', resolve));
  studio.kill('SIGTERM');
  assert.equal(await isOver, 0, 'the studio stops in order');
  rmSync(work, { recursive: true, force: true });
});

const decode = (file) => {
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-ac', '1', '-f', 'f32le', '-'], { maxBuffer: 1 << 28 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

/** How long something sounds, ms. */
function soundingMs(pcm) {
  let count = 0;
  for (let from = 0; from + STRETCH <= pcm.length; from += STRETCH) {
    if (pcm.subarray(from, from + STRETCH).some((sample) => Math.abs(sample) > QUIET)) count += 1;
  }
  return count * 10;
}

test('through a socket that is cut again and again all that the AIs say arrives, sounds and is recorded once',
  { timeout: 180_000 }, async () => {
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.addInitScript((code) => { window.__tapModule = URL.createObjectURL(new Blob([code], { type: 'text/javascript' })); },
      readFileSync(join(HERE, 'tap-worklet.js'), 'utf8'));
    await page.addInitScript({ path: join(HERE, 'tap.js') });
    await page.addInitScript(() => localStorage.setItem('studio.sound-way', 'socket'));
    await page.goto(weather.address);
    await page.fill('#name', 'Mona');
    await page.check('input[name=headphones][value=yes]', { force: true });
    await page.click('button[type=submit]');
    await page.waitForSelector('body[data-screen="live"]', LIMIT);
    await page.click('#autopilot');

    // Turn after turn, until both have had several and the network had its way with them.
    const turns = async () => page.$$eval('#captions-final [data-speaker=claude], #captions-final [data-speaker=guest]', (all) => all.length);
    await page.waitForFunction(() => document.querySelectorAll('#captions-final [data-speaker=claude]').length >= 3
      && document.querySelectorAll('#captions-final [data-speaker=guest]').length >= 3, null, { timeout: 120_000 });
    assert.ok(await turns() >= 6);
    assert.ok(weather.counts.cuts >= CUTS_MIN, `${weather.counts.cuts} cuts`);
    weather.calmDown();
    await page.waitForFunction(() => document.querySelector('#autopilot')?.getAttribute('aria-pressed') === 'true'
      && !document.querySelector('#failure:not([hidden])'), null, LIMIT);
    await page.click('#autopilot');
    await page.waitForFunction(() => !document.querySelector('[data-state=speaking], [data-state=thinking]'), null, LIMIT);
    const shown = await page.$$eval('#captions-final [data-speaker=claude], #captions-final [data-speaker=guest]',
      (all) => all.map((line) => line.textContent));
    await page.click('#end');
    await page.click('#end-confirm');
    await page.waitForSelector('body[data-screen="ended"]', LIMIT);

    const urls = await page.$$eval('#files a', (links) => links.map(({ href }) => href));
    const [episode] = urls.map((url) => new URL(url).pathname.split('/').at(-2));
    const folder = join(work, 'recordings', episode);
    const events = readFileSync(join(folder, 'events.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const tracks = ['claude', 'guest'].map((speaker) => decode(join(folder, `${speaker}.webm`)));

    const connections = events.filter(({ type }) => type === 'client.connected').length;
    assert.ok(connections > CUTS_MIN, `${connections} connections`);
    assert.deepEqual(complaints, []);
    // Every caption once and in order.
    const finals = events.filter(({ type, order, isFinal, speaker, text }) =>
      type === 'caption' && order && isFinal && speaker !== 'you' && text);
    assert.equal(new Set(finals.map(({ id }) => id)).size, finals.length);
    const said = finals.map(({ text }) => text).join(' ');
    const seen = shown.join(' ');
    for (const { text } of finals) assert.equal(seen.split(text).length, said.split(text).length, `once on the page: ${text}`);
    // What the page played is what was recorded, no more and no less: the edges of each cut are a stretch or two.
    // (Counted in the page: the samples of a minute are too many to be carried over.)
    const playedMs = await page.evaluate(({ quiet, stretch }) => {
      const blocks = window.__heard.blocks;
      const heard = new Float32Array(blocks.at(-1).first + 128 - blocks[0].first);
      for (const { first, pcm } of blocks) heard.set(pcm, first - blocks[0].first);
      let count = 0;
      for (let from = 0; from + stretch <= heard.length; from += stretch) {
        if (heard.subarray(from, from + stretch).some((sample) => Math.abs(sample) > quiet)) count += 1;
      }
      return count * 10;
    }, { quiet: QUIET, stretch: STRETCH });
    const recordedMs = tracks.map(soundingMs).reduce((a, b) => a + b);
    const doubtMs = 30 * connections + DOUBT * recordedMs;
    assert.ok(Math.abs(playedMs - recordedMs) <= doubtMs,
      `${playedMs} ms played, ${recordedMs} ms recorded, ${connections} connections`);
    // Every hole in the host's track has its cause.
    const causes = new Set(events.filter(({ type }) => type === 'recorder.gap').map(({ cause }) => cause));
    assert.ok([...causes].every((cause) => ['absent', 'network', 'stall'].includes(cause)), `${[...causes]}`);
    console.log(`${weather.counts.cuts} cuts, ${weather.counts.pieces} pieces, ${finals.length} captions, `
      + `${playedMs} ms played, ${recordedMs} ms recorded`);
  });
