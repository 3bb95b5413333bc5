// The live room of the whole studio with a synthetic host: the test speaks into the page when something has been heard,
// never at a planned time. Judged by what was recorded and by what the page played.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decode, launch, ROOT, SHOTS, startStudio, tapInto } from './whole.mjs';

const RATE = 48_000;
const LIMIT = { timeout: 40_000 };
/** From the host's first sound until the AI is silent in the record: the pause's 280 ms of the budget, and a slow machine. */
const SILENT_AFTER_MS_MAX = 1000;

let studio, browser, proxy;

before(async () => {
  studio = await startStudio();
  browser = await launch(studio.work, ['--autoplay-policy=no-user-gesture-required']);
  proxy = await startProxy(studio.address);
});

after(async () => {
  await browser?.close();
  proxy?.close();
  await studio?.stop();
});

/** A way to the studio that can be cut. */
async function startProxy(address) {
  const { port } = new URL(address);
  const sockets = new Set();
  const server = createServer((from) => {
    const to = connect(Number(port), '127.0.0.1');
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => { sockets.delete(socket); from.destroy(); to.destroy(); });
    }
    from.pipe(to).pipe(from);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    cut() { for (const socket of sockets) socket.destroy(); },
    close() { this.cut(); server.close(); },
  };
}

/** Stands for the microphone: `hostSay` plays a file into it. */
function syntheticHost() {
  const context = new AudioContext({ sampleRate: 48_000 });
  const microphone = context.createMediaStreamDestination();
  navigator.mediaDevices.getUserMedia = async () => {
    await context.resume();
    return microphone.stream;
  };
  window.hostSay = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(microphone);
    source.start();
  };
}

/** A page in a live session, with its complaints collected. */
async function live(address) {
  const page = await browser.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript(syntheticHost);
  await tapInto(page);
  // Sample for sample over the socket; `webrtc.test.mjs` has the other way.
  await page.addInitScript(() => localStorage.setItem('studio.sound-way', 'socket'));
  await page.goto(address);
  await page.check('input[name=headphones][value=yes]', { force: true });
  await page.click('button[type=submit]');
  await page.waitForSelector('body[data-screen="live"]', LIMIT);
  const say = (name) => page.evaluate((base64) => window.hostSay(base64), readFileSync(join(ROOT, `tests/audio/${name}.wav`)).toString('base64'));
  return { page, say, complaints };
}

/** Waits until an AI has been heard to say so many words in one caption. */
const heardWords = (page, count) => page.waitForFunction((least) =>
  [...document.querySelectorAll('#captions-interim .caption:not([data-speaker=you])')]
    .some((row) => row.querySelectorAll('.heard').length >= least), count, LIMIT);

async function end(page) {
  await page.click('#end');
  await page.click('#end-confirm');
  await page.waitForSelector('#take[data-drawn]', LIMIT);
  const episode = decodeURIComponent(new URL(page.url()).hash.split('/').at(-1));
  const folder = join(studio.work, 'recordings', episode);
  const events = readFileSync(join(folder, 'events.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  return { folder, events, track: (speaker) => decode(join(folder, `${speaker}.webm`)) };
}

/** Whether anything louder than −50 dB sounds between two instants of a track, in ms. */
const sounds = (pcm, fromMs, untilMs) => {
  for (let i = Math.max(0, Math.round(fromMs * 48)); i < Math.min(pcm.length, untilMs * 48); i++) if (Math.abs(pcm[i]) > 0.01) return true;
  return false;
};

test('the host cuts in: silence, a cut caption, and the next answer', { timeout: 120_000 }, async (t) => {
  const { page, say, complaints } = await live(studio.address);
  await say('request');
  await heardWords(page, 3);
  await say('barge-in');
  await page.waitForSelector('#captions-final .caption:has(.cut)', LIMIT);
  await page.screenshot({ path: join(SHOTS, 'whole-barge-in.png') });
  await page.waitForFunction(() => document.querySelectorAll('#captions-final [data-speaker=you]').length >= 2, null, LIMIT);
  const { events, track } = await end(page);
  const cut = events.find(({ type, verdict }) => type === 'barge-in' && verdict === 'stopped');
  assert.ok(cut, 'the engine judged it an interruption');
  const [you, ai] = [track('you'), track(cut.speaker)];
  // The second stretch of the host's voice: after the request and a second without it.
  const asked = events.filter(({ type }) => type === 'speech.start').map(({ at, t: ms }) => (at ? at / 48 : ms));
  const onset = asked.findLast((ms) => ms <= cut.t);
  assert.ok(sounds(you, onset, onset + 300), 'the host is on the track');
  const last = (() => {
    for (let i = Math.min(ai.length, Math.round((onset + 4000) * 48)) - 1; i >= 0; i--) if (Math.abs(ai[i]) > 0.01) return i / 48;
    return 0;
  })();
  const next = sounds(ai, onset + SILENT_AFTER_MS_MAX, onset + SILENT_AFTER_MS_MAX + 1000);
  t.diagnostic(`the AI's last loud sample before the pause lies ${(last - onset).toFixed(0)} ms after the host's first sound`);
  assert.equal(next, false, 'the AI is silent for a second at least');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a short “mm hmm” does not stop an AI', { timeout: 120_000 }, async () => {
  const { page, say, complaints } = await live(studio.address);
  await say('request');
  await heardWords(page, 2);
  await say('mm-hmm');
  await page.waitForFunction(() => !document.querySelector('[data-orb]:not([data-orb=you]):is([data-state=speaking], [data-state=thinking], [data-state=paused])'), null, LIMIT);
  const { events } = await end(page);
  assert.equal(events.some(({ type, verdict }) => type === 'barge-in' && verdict === 'stopped'), false);
  const over = events.filter(({ type, reason, speaker }) => type === 'turn.end' && speaker !== 'you' && reason === 'completed');
  assert.ok(over.length >= 1, 'the answer was heard to its end');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a connection that is cut comes back into the same session, and nothing is doubled', { timeout: 120_000 }, async () => {
  const { page, say, complaints } = await live(proxy.address);
  await say('question');
  await heardWords(page, 2);
  proxy.cut();
  await page.waitForSelector('#failure:visible', LIMIT);
  await page.waitForSelector('#failure', { state: 'hidden', ...LIMIT });
  await page.waitForFunction(() => !document.querySelector('[data-state=speaking], [data-state=thinking], [data-state=paused]')
    && document.querySelector('#captions-final .caption:not([data-speaker=you])'), null, LIMIT);
  const { events } = await end(page);
  assert.equal(events.filter(({ type }) => type === 'session.start').length, 1);
  assert.ok(events.some(({ type }) => type === 'client.disconnected' || type === 'session.resume' || type === 'client.connected'));
  const finals = events.filter(({ type, isFinal, text }) => type === 'caption' && isFinal && text).map(({ id }) => id);
  assert.equal(new Set(finals).size, finals.length, 'each final caption once');
  assert.deepEqual(complaints, []);
  await page.close();
});
