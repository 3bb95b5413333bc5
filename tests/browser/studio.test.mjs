// The whole studio: the real binary with its own recogniser and voices, the page in a real Chromium, a spoken question
// as the microphone. What the page plays is heard through the tap and held against the track that was recorded.
import assert from 'node:assert/strict';
import { execFileSync, execSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../..');
const SHOTS = join(ROOT, 'target/page');
const STUDIO = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/studio');
const RATE = 48_000;
const LIMIT = { timeout: 40_000 };

let work, studio, address, context;

/** A line of ours at the rate of Chromium's fake device, after the silence in which the page opens. */
function microphone() {
  const wav = join(work, 'host.wav');
  execFileSync('ffmpeg', ['-v', 'error', '-i', join(ROOT, 'tests/audio/question.wav'), '-ar', `${RATE}`,
    '-af', 'adelay=3500,apad=pad_dur=20', wav]);
  return wav;
}

/** Starts the studio on a port of the system's choice and waits for the line that names it. */
function start() {
  assert.ok(existsSync(STUDIO), `${STUDIO} is there: ./dev builds it first`);
  studio = spawn(STUDIO, ['serve'], {
    cwd: work,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', RECORDING_DIR: join(work, 'recordings'),
      BRIEFINGS_DIR: join(ROOT, 'briefings'), STUDIO_MODELS_DIR: join(ROOT, 'models') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    studio.stdout.setEncoding('utf8');
    studio.stdout.on('data', (text) => {
      said += text;
      const found = said.match(/Listening on (http:\/\/\S+)/);
      if (found) resolve(found[1]);
    });
    studio.once('exit', (code) => reject(new Error(`the studio ended with ${code}: ${said}`)));
  });
}

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  work = mkdtempSync(join(tmpdir(), 'studio-whole-'));
  address = await start();
  context = await chromium.launchPersistentContext(join(work, 'profile'), {
    executablePath: process.env.CHROMIUM ?? execSync('command -v chromium').toString().trim(),
    headless: true,
    bypassCSP: true,
    viewport: { width: 1280, height: 800 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${microphone()}%noloop`],
  });
});

after(async () => {
  await context?.close();
  const isOver = new Promise((resolve) => studio.once('exit', resolve));
  studio.kill('SIGTERM');
  assert.equal(await isOver, 0, 'the studio stops in order');
  rmSync(work, { recursive: true, force: true });
});

/** Everything the page has played since it began to. */
const heard = async (page) => {
  const blocks = await page.evaluate(() => window.__heard.blocks.map(({ first, pcm }) => [first, [...pcm]]));
  const pcm = new Float32Array(blocks.at(-1)[0] + 128 - blocks[0][0]);
  for (const [first, samples] of blocks) pcm.set(samples, first - blocks[0][0]);
  return pcm;
};

const decode = (file) => {
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-ac', '1', '-f', 'f32le', '-'], { maxBuffer: 1 << 28 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

const firstLoud = (pcm) => pcm.findIndex((sample) => Math.abs(sample) > 0.02);

/** Correlation of two stretches at the shift where it is greatest. */
function correlation(a, b, shiftMax) {
  let best = 0;
  for (let shift = -shiftMax; shift <= shiftMax; shift++) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = shiftMax; i < a.length - shiftMax; i++) {
      const [x, y] = [a[i], b[i + shift]];
      ab += x * y; aa += x * x; bb += y * y;
    }
    best = Math.max(best, ab / Math.sqrt(aa * bb));
  }
  return best;
}

test('a spoken question is answered aloud, and what was heard is what was recorded', { timeout: 120_000 }, async () => {
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  // A worklet's module is not seen by the test's routes, so it comes from the page itself; hence no policy here.
  await page.addInitScript((code) => { window.__tapModule = URL.createObjectURL(new Blob([code], { type: 'text/javascript' })); },
    readFileSync(join(HERE, 'tap-worklet.js'), 'utf8'));
  await page.addInitScript({ path: join(HERE, 'tap.js') });
  // Sample for sample over the socket; `webrtc.test.mjs` has the other way.
  await page.addInitScript(() => localStorage.setItem('studio.sound-way', 'socket'));
  await page.goto(address);
  await page.fill('#name', 'Mona');
  await page.check('input[name=headphones][value=yes]', { force: true });
  await page.click('button[type=submit]');
  await page.waitForSelector('body[data-screen="live"]', LIMIT);

  await page.waitForSelector('#captions-final [data-speaker=you]', LIMIT);
  await page.waitForSelector('[data-orb=claude][data-state=speaking], [data-orb=guest][data-state=speaking]', LIMIT);
  await page.screenshot({ path: join(SHOTS, 'whole-live.png') });
  await page.waitForFunction(() => !document.querySelector('[data-state=speaking], [data-state=thinking]'), null, LIMIT);
  const asked = await page.textContent('#captions-final [data-speaker=you]');
  assert.match(asked, /founder|measure|first|year/i);

  await page.click('#end');
  await page.click('#end-confirm');
  await page.waitForSelector('body[data-screen="ended"]', LIMIT);
  await page.screenshot({ path: join(SHOTS, 'whole-ended.png') });
  const played = await heard(page);

  const urls = await page.$$eval('#files a', (links) => links.map(({ href }) => href));
  const names = urls.map((url) => new URL(url).pathname.split('/').at(-1)).sort();
  assert.deepEqual(names, ['claude.vtt', 'claude.webm', 'episode.vtt', 'events.jsonl', 'guest.vtt', 'guest.webm',
    'session.yml', 'you.vtt', 'you.webm']);
  for (const url of urls) assert.equal((await context.request.get(url)).status(), 200, url);

  const [episode] = urls.map((url) => new URL(url).pathname.split('/').at(-2));
  const track = (speaker) => decode(join(work, 'recordings', episode, `${speaker}.webm`));
  const [you, claude, guest] = ['you', 'claude', 'guest'].map(track);
  assert.equal(you.length, claude.length);
  assert.equal(you.length, guest.length);
  assert.ok(firstLoud(you) > 0, 'the host is on the track');

  const answer = firstLoud(claude) >= 0 ? claude : guest;
  const second = (pcm) => pcm.slice(firstLoud(pcm) - 480, firstLoud(pcm) - 480 + RATE);
  const match = correlation(second(played), second(answer), 480);
  console.log(`heard against recorded: correlation ${match.toFixed(4)}`);
  assert.ok(match > 0.98, `what was heard is what was recorded: ${match}`);
  assert.deepEqual(complaints, []);
});
