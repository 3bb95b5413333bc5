// Sound by WebRTC: the real binary, a real Chromium, a spoken question as the microphone. The answer is heard through
// the tap; orders, positions and the browser's own word on what it gave out are written down on the way.
import assert from 'node:assert/strict';
import { execFileSync, execSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { ORDER_MS_MAX } from './line.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../..');
const STUDIO = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/studio');
const RATE = 48_000;
const LIMIT = { timeout: 40_000 };

let work, studio, address, context;

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
  work = mkdtempSync(join(tmpdir(), 'studio-webrtc-'));
  address = await start();
  const wav = join(work, 'host.wav');
  execFileSync('ffmpeg', ['-v', 'error', '-i', join(ROOT, 'tests/audio/question.wav'), '-ar', `${RATE}`,
    '-af', 'adelay=3500,apad=pad_dur=30', wav]);
  context = await chromium.launchPersistentContext(join(work, 'profile'), {
    executablePath: process.env.CHROMIUM ?? execSync('command -v chromium').toString().trim(),
    headless: true,
    bypassCSP: true,
    viewport: { width: 1280, height: 800 },
    // A machine may have no network but itself; browsers leave that out of their addresses unless told.
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--allow-loopback-in-peer-connection',
      '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-audio-capture=${wav}%noloop`],
  });
});

after(async () => {
  await context?.close();
  const isOver = new Promise((resolve) => studio.once('exit', resolve));
  studio.kill('SIGTERM');
  assert.equal(await isOver, 0, 'the studio stops in order');
  rmSync(work, { recursive: true, force: true });
});

/** In the page, before its own code: what crosses the socket and what the browser says it gave out, with wall time. */
function listenIn() {
  const wall = () => performance.timeOrigin + performance.now();
  window.__wire = { received: [], sent: [], sources: [] };
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    window.__wire.sent.push({ wall: wall(), ...(typeof data === 'string' ? JSON.parse(data) : { type: 'binary' }) });
    return send.call(this, data);
  };
  const handler = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
  Object.defineProperty(WebSocket.prototype, 'onmessage', {
    ...handler,
    set(take) {
      handler.set.call(this, (event) => {
        const { data } = event;
        const message = typeof data === 'string' ? JSON.parse(data) : { type: 'binary' };
        if (message.type !== 'level') window.__wire.received.push({ wall: wall(), ...message });
        take.call(this, event);
      });
    },
  });
  const sources = RTCRtpReceiver.prototype.getSynchronizationSources;
  RTCRtpReceiver.prototype.getSynchronizationSources = function () {
    const found = sources.call(this);
    if (found[0] && window.__wire.sources.length < 20_000) {
      window.__wire.sources.push({ at: performance.now(), rtp: found[0].rtpTimestamp, given: found[0].timestamp, track: this.track.id });
    }
    return found;
  };
}

const heard = async (page) => {
  const [blocks, orders] = await page.evaluate(() => [window.__heard.blocks.map(({ first, wall, pcm }) => [first, wall, [...pcm]]), window.__heard.orders]);
  const origin = blocks[0][0];
  const pcm = new Float32Array(blocks.at(-1)[0] + 128 - origin);
  for (const [first, , samples] of blocks) pcm.set(samples, first - origin);
  return {
    pcm, blocks: blocks.map(([first, wall]) => ({ first: first - origin, wall })),
    orders: orders.map(({ type, frame }) => ({ type, frame: frame - origin })),
  };
};

const decode = (file) => {
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-ac', '1', '-f', 'f32le', '-'], { maxBuffer: 1 << 28 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

/** Energy of each 5 ms. */
const envelope = (pcm) => Float32Array.from({ length: Math.floor(pcm.length / 240) }, (_, i) => {
  let sum = 0;
  for (let n = i * 240; n < (i + 1) * 240; n++) sum += pcm[n] * pcm[n];
  return Math.sqrt(sum / 240);
});

/** The best correlation of `part` within `whole`, and where. */
function find(part, whole) {
  let best = { match: 0, at: 0 };
  for (let at = 0; at + part.length <= whole.length; at++) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = 0; i < part.length; i++) {
      ab += part[i] * whole[at + i]; aa += part[i] ** 2; bb += whole[at + i] ** 2;
    }
    const match = ab / Math.sqrt(aa * bb || 1);
    if (match > best.match) best = { match, at };
  }
  return best;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

test('a question asked by WebRTC is answered by WebRTC, and an interruption is silent at once', { timeout: 120_000 }, async () => {
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript((code) => { window.__tapModule = URL.createObjectURL(new Blob([code], { type: 'text/javascript' })); },
    readFileSync(join(HERE, 'tap-worklet.js'), 'utf8'));
  await page.addInitScript({ path: join(HERE, 'tap.js') });
  await page.addInitScript(listenIn);
  await page.goto(address);
  await page.fill('#name', 'Mona');
  await page.check('input[name=headphones][value=yes]', { force: true });
  await page.click('button[type=submit]');
  await page.waitForSelector('body[data-screen="live"]', LIMIT);
  await page.waitForFunction(() => document.querySelector('#sound-way')?.value.startsWith('WebRTC'), null, LIMIT);

  await page.waitForSelector('[data-orb=claude][data-state=speaking], [data-orb=guest][data-state=speaking]', LIMIT);
  // In the middle of the answer: whoever speaks stops.
  await page.waitForFunction(() => window.__wire.sent.filter(({ type }) => type === 'client.playout').length > 50, null, LIMIT);
  await page.click('#interrupt');
  await page.waitForFunction(() => window.__wire.received.some(({ type }) => type === 'audio.flush'), null, LIMIT);
  await page.waitForFunction(() => !document.querySelector('[data-state=speaking], [data-state=thinking]'), null, LIMIT);
  const asked = await page.textContent('#captions-final [data-speaker=you]');
  assert.match(asked, /founder|measure|first|year/i);

  await page.click('#end');
  await page.click('#end-confirm');
  await page.waitForSelector('body[data-screen="ended"]', LIMIT);
  const { pcm, blocks, orders } = await heard(page);
  const wire = await page.evaluate(() => window.__wire);

  const up = wire.received.find(({ type, connected }) => type === 'webrtc.state' && connected);
  const offered = wire.sent.find(({ type }) => type === 'webrtc.offer');
  console.log(`offer to connected: ${(up.wall - offered.wall).toFixed(0)} ms`);
  const framesAfter = wire.sent.filter(({ type, wall }) => type === 'binary' && wall > up.wall + 100).length;
  assert.equal(framesAfter, 0, 'the socket carries no sound any more');
  assert.equal(wire.received.filter(({ type }) => type === 'binary').length, 0);

  // Nothing is heard long after the order. (An answer that happens to pause is silent before it; `sound.test.mjs` measures
  // with a voice that never does.)
  const flush = wire.received.find(({ type }) => type === 'audio.flush');
  const { frame } = orders.find(({ type }) => type === 'audio.flush');
  assert.ok(pcm.subarray(frame - RATE, frame).some((sample) => Math.abs(sample) > 0.003), 'it was heard before');
  const last = pcm.subarray(frame, frame + 2 * RATE).findLastIndex((sample) => Math.abs(sample) > 0.003);
  console.log(`order to silence at the page's output: ${(((last + 1) / RATE) * 1000).toFixed(1)} ms (goal 60)`);
  assert.ok((last + 1) / RATE < ORDER_MS_MAX / 1000, `${last + 1} samples`);

  // What was heard is what was recorded, and where the page said it was.
  const [episode] = execFileSync('ls', [join(work, 'recordings')]).toString().trim().split('\n');
  const track = (speaker) => decode(join(work, 'recordings', episode, `${speaker}.webm`));
  const [you, claude, guest] = ['you', 'claude', 'guest'].map(track);
  assert.deepEqual([claude.length, guest.length], [you.length, you.length]);
  assert.ok(you.some((sample) => Math.abs(sample) > 0.05), 'the host is on the track');
  const answer = claude.some((sample) => Math.abs(sample) > 0.02) ? claude : guest;
  const from = answer.findIndex((sample) => Math.abs(sample) > 0.02);
  const [part, whole] = [envelope(answer.subarray(from, from + 2 * RATE)), envelope(pcm)];
  const { match, at } = find(part, whole);
  console.log(`heard against recorded: correlation of loudness ${match.toFixed(3)}`);
  assert.ok(match > 0.9, `${match}`);

  const { turn } = flush;
  const segment = wire.received.find(({ type, turn: of }) => type === 'webrtc.segment' && of === turn);
  const first = blocks.find(({ first: place }) => place >= at * 240);
  const begun = wire.sent.filter(({ type, turn: of, flushed }) => type === 'client.playout' && of === turn && !flushed);
  // Each report gives an instant at which the turn began to sound; the tap has its own.
  const starts = begun.map(({ wall, playedSamples, clock }) => wall - (clock.sent - clock.at) / 48 - playedSamples / 48);
  const spread = Math.max(...starts.map((start) => Math.abs(start - median(starts))));
  console.log(`positions: ${begun.length} reports, spread ${spread.toFixed(1)} ms, against the tap ${(median(starts) - first.wall).toFixed(0)} ms`);
  assert.ok(segment && spread < 60, `${spread} ms`);

  // The browser's own step and its evenness.
  const one = wire.sources.filter(({ track }) => track === wire.sources[0].track);
  const steps = one.filter(({ rtp }, i) => i > 0 && rtp !== one[i - 1].rtp);
  const lag = steps.map(({ rtp, given }) => given - rtp / 48);
  console.log(`synchronisation source: ${steps.length} steps, deviation ${median(lag.map((l) => Math.abs(l - median(lag)))).toFixed(1)} ms`);

  assert.ok(existsSync(join(work, 'recordings', episode, 'capture/you.rtpdump')), 'packets are kept as received');
  assert.deepEqual(complaints, []);
});
