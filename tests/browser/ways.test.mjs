// The sound changes its way in the middle of an answer: a line that dies, the host's switch, ICE that begins anew, a page that is
// busy. The answer is a voice whose every sample can be told: nothing of it is heard or recorded twice.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { LIMIT, RATE, decode, end, enter, follow, heard, launch, microphone, startRelay, startStudio, startVoice, tellingVoice } from './line.mjs';

/** Longer than anything is listened to. */
const VOICE_S = 60;
/** Reports that are waited for, one every 50 ms: enough of the voice to be told. */
const REPORTS = 20;
/**
 * How much of the voice may come again or be left out where the way changes. As it is recorded nothing does: that is the
 * instrument's own step. In the page it is a packet or two, and what a browser makes up on a busy machine.
 */
const OFF_MS_MAX = { played: 60, recorded: 20 };
/** A change by hand is hardly heard. What the recorder is told 400 ms late or more lies behind a hole that is no longer. */
const GAP_MS_MAX = 500;
/** A line that died costs what the page waits for it, and less than the studio waits for a voice that is not heard. */
const LOST_MS_MAX = 8_000;

const voice = tellingVoice(RATE, VOICE_S);
let work, service, studio, context, relay;

before(async () => {
  work = mkdtempSync(join(tmpdir(), 'studio-ways-'));
  service = await startVoice(VOICE_S);
  // The guest speaks from the briefing with the telling voice; no service is asked for anything.
  studio = await startStudio(work, { USE_REAL_ADAPTERS: 'true', STT_PROVIDER: 'moonshine', TTS_PROVIDER: 'piper', PIPER_HTTP_URL: service.url,
    PIPER_MODEL_PATH: import.meta.filename, GUEST_PROVIDER: 'rehearsal', ANTHROPIC_API_KEY: 'none' });
  context = await launch(work, microphone(work, 0, null));
});

afterEach(async () => {
  relay?.close();
  relay = null;
  await Promise.all(context.pages().map((page) => page.close()));
});

after(async () => {
  await context?.close();
  assert.equal(await studio?.stop(), 0, 'the studio stops in order');
  service?.close();
  rmSync(work, { recursive: true, force: true });
});

/** A page whose sound goes by WebRTC, through a relay and by nothing else. */
async function enterByRelay(way = 'webrtc') {
  const { webrtc } = await (await fetch(`${studio.address}/health`)).json();
  relay = await startRelay(webrtc.port);
  const page = await enter(context, studio.address, { way, relayPort: relay.port, isUdpOnly: true });
  await shows(page, /^WebRTC/);
  return page;
}

const shows = (page, pattern) => page.waitForFunction((source) => new RegExp(source).test(document.querySelector('#sound-way').value),
  pattern.source, LIMIT);

/** As the host does it, in the panel. */
const choose = (page, ...ways) => page.$eval('#sound-choice', (select, ways) => {
  for (const way of ways) {
    select.value = way;
    select.dispatchEvent(new Event('change'));
  }
}, ways);

/** Has the guest speak by WebRTC, until some of it is heard. Resolves with the turn. */
async function speak(page) {
  const before = await page.evaluate(() => {
    window.__socket.send(JSON.stringify({ type: 'client.say', text: 'Oscar, tell me about the Moon.' }));
    return window.__wire.received.length;
  });
  const turn = await (await page.waitForFunction((from) =>
    window.__wire.received.slice(from).find(({ type }) => type === 'webrtc.segment')?.turn, before, LIMIT)).jsonValue();
  await hears(page, turn, true);
  return turn;
}

/** Waits until so much more of the turn has been heard, by this way. */
async function hears(page, turn, isByLine) {
  await page.evaluate(() => { window.__from = window.__wire.sent.length; });
  await page.waitForFunction(([turn, isByLine, count]) => {
    const places = window.__wire.sent.slice(window.__from).filter((sent) =>
      sent.type === 'client.playout' && sent.turn === turn && Boolean(sent.clock) === isByLine).map(({ playedSamples }) => playedSamples);
    return new Set(places).size >= count;
  }, [turn, isByLine, REPORTS], LIMIT);
}

async function interrupt(page, turn) {
  await page.click('#interrupt');
  await page.waitForFunction((turn) => window.__wire.sent.some(({ type, turn: of, flushed }) => type === 'client.playout' && of === turn && flushed), turn, LIMIT);
  await page.waitForFunction(() => !document.querySelector('[data-state=speaking], [data-state=thinking]'), null, LIMIT);
}

/** Ends the session. The turn as it was played and as it was recorded, followed through the voice; and what crossed the socket. */
async function finish(page, turn) {
  await end(page);
  const { pcm, origin } = await heard(page);
  const wire = await page.evaluate(() => window.__wire);
  const { episodeId } = wire.received.find(({ type }) => type === 'session.ready');
  const track = decode(join(work, 'recordings', episodeId, 'guest.webm'));
  // The turn, up to its flush and what the fade takes.
  const begins = (sound) => sound.findIndex((sample) => Math.abs(sample) > 0.05);
  const flush = wire.received.find(({ type, turn: of }) => type === 'audio.flush' && of === turn);
  const length = Math.round(flush.context * RATE) - origin - begins(pcm) + RATE / 5;
  const ofTurn = (sound) => follow(sound.subarray(begins(sound), begins(sound) + length), voice);
  assert.deepEqual(page.complaints, []);
  return { played: ofTurn(pcm), recorded: ofTurn(track), wire };
}

/** Nothing of the turn twice, nothing left out, and no longer silent than this. What is seen is told. */
function check(t, taken, silentMsMax) {
  for (const where of ['played', 'recorded']) {
    const { soundedMs, breaks } = taken[where];
    t.diagnostic(`${where}: ${soundedMs} ms in order, breaks ${JSON.stringify(breaks)}`);
    assert.ok(soundedMs > REPORTS * 50, where);
    assert.ok(breaks.every(({ skippedMs, silentMs }) => Math.abs(skippedMs) <= OFF_MS_MAX[where] && silentMs <= silentMsMax), where);
  }
}

const stalls = ({ sent }) => sent.filter(({ stalled }) => stalled).length;

test('a line that dies in the middle of an answer is given up, and the answer goes on over the socket', { timeout: 90_000 }, async (t) => {
  const page = await enterByRelay('auto');
  const turn = await speak(page);
  relay.line.isDead = true;
  await shows(page, /^WebSocket/);
  const shown = await page.$eval('#sound-way', ({ value }) => value);
  await hears(page, turn, false);
  await interrupt(page, turn);
  const taken = await finish(page, turn);
  assert.match(shown, /lost/);
  assert.equal(stalls(taken.wire), 0);
  check(t, taken, LOST_MS_MAX);
});

test('the host switches to the socket in the middle of an answer and back, and the next answer comes by WebRTC', { timeout: 90_000 }, async (t) => {
  const page = await enterByRelay();
  const turn = await speak(page);
  await choose(page, 'socket');
  await shows(page, /^WebSocket/);
  await hears(page, turn, false);
  await choose(page, 'webrtc');
  await shows(page, /^WebRTC/);
  await hears(page, turn, false);
  await interrupt(page, turn);
  const next = await speak(page);
  await interrupt(page, next);
  // Faster than the studio can answer.
  await choose(page, 'socket', 'webrtc', 'socket', 'webrtc');
  await shows(page, /^WebRTC/);
  const last = await speak(page);
  await interrupt(page, last);
  const taken = await finish(page, turn);
  assert.equal(stalls(taken.wire), 0);
  check(t, taken, GAP_MS_MAX);
});

test('ICE begins anew in the middle of an answer, which goes on by WebRTC', { timeout: 90_000 }, async (t) => {
  const page = await enterByRelay();
  const turn = await speak(page);
  relay.line.isDead = true;
  const offer = await (await page.waitForFunction(() =>
    window.__wire.sent.find(({ type, restart }) => type === 'webrtc.offer' && restart)?.offer, null, LIMIT)).jsonValue();
  relay.line.isDead = false;
  await page.waitForFunction((offer) => window.__wire.received.some((message) => message.type === 'webrtc.answer' && message.offer === offer), offer, LIMIT);
  await page.waitForFunction(() => window.__peer.connectionState === 'connected', null, LIMIT);
  await hears(page, turn, true);
  await shows(page, /^WebRTC/);
  await interrupt(page, turn);
  const taken = await finish(page, turn);
  assert.equal(taken.wire.sent.filter(({ type }) => type === 'webrtc.close').length, 0, 'the line was never given up');
  check(t, taken, LOST_MS_MAX);
});

test('a page that is busy for half a second has heard what was played meanwhile', { timeout: 90_000 }, async (t) => {
  const page = await enterByRelay();
  const turn = await speak(page);
  await page.evaluate(() => {
    const until = performance.now() + 500;
    while (performance.now() < until);
  });
  await hears(page, turn, true);
  await interrupt(page, turn);
  const taken = await finish(page, turn);
  assert.equal(stalls(taken.wire), 0);
  check(t, taken, GAP_MS_MAX);
});
