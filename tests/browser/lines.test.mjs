// A whole session in a real Chromium on bad lines: a spoken question, an answer with a voice whose every sample can be told,
// through a relay that loses, delays, reorders, falls silent and moves. The session holds, the tracks are equal, nothing is
// spoken twice, captions are right.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LIMIT, RATE, decode, end, enter, find, launch, microphone, startRelay, startStudio, startVoice, tellingVoice } from './line.mjs';

/** Of the answer so much is listened to before it is interrupted: the hole of five seconds lies in it. */
const HEARD_MS = 9_000;
const VOICE_S = 60;
/** Stretches of the answer's track that are looked up in the voice. */
const PART = 4_800;

const LINES = [
  { name: 'no loss', lossPercent: 0, jitterMs: 0 },
  { name: '5 %, 50 ms', lossPercent: 5, jitterMs: 50 },
  { name: '20 %, 150 ms', lossPercent: 20, jitterMs: 150 },
  { name: 'reordered', heldPercent: 20 },
  { name: 'a hole of five seconds', hole: true },
  { name: 'another port', moves: true },
];

const wanted = process.env.STUDIO_LINES ? Number(process.env.STUDIO_LINES) : LINES.length;

for (const { name, hole, moves, ...line } of LINES.slice(0, wanted)) {
  test(`a session holds by WebRTC: ${name}`, { timeout: 120_000 }, async (t) => {
    const work = mkdtempSync(join(tmpdir(), 'studio-line-'));
    const voice = await startVoice(VOICE_S);
    const studio = await startStudio(work, { USE_REAL_ADAPTERS: 'true', STT_PROVIDER: 'moonshine', TTS_PROVIDER: 'piper',
      PIPER_HTTP_URL: voice.url, PIPER_MODEL_PATH: import.meta.filename, GUEST_PROVIDER: 'rehearsal', ANTHROPIC_API_KEY: 'none' });
    const health = async () => (await (await fetch(`${studio.address}/health`)).json()).webrtc;
    const relay = await startRelay((await health()).port);
    const context = await launch(work, microphone(work, 6_000));
    try {
      const page = await enter(context, studio.address, { way: 'webrtc', relayPort: relay.port });
      await page.waitForFunction(() => document.querySelector('#sound-way')?.value.startsWith('WebRTC'), null, LIMIT);
      Object.assign(relay.line, line);
      await page.waitForSelector('#captions-final [data-speaker=you]', LIMIT);
      await page.evaluate(() => window.__socket.send(JSON.stringify({ type: 'client.nominate', speaker: 'guest' })));
      const turn = await (await page.waitForFunction(() =>
        window.__wire.received.findLast(({ type, speaker }) => type === 'webrtc.segment' && speaker === 'guest')?.turn, null, LIMIT)).jsonValue();
      await page.waitForTimeout(1_500);
      if (hole) {
        relay.line.isDead = true;
        await page.waitForTimeout(5_000);
        relay.line.isDead = false;
      }
      if (moves) await relay.move();
      await page.waitForTimeout(HEARD_MS - 1_500 - (hole ? 5_000 : 0));
      await page.click('#interrupt');
      await page.waitForFunction((turn) => window.__wire.sent.some(({ type, turn: of, flushed }) => type === 'client.playout' && of === turn && flushed), turn, LIMIT);
      const shown = await page.$eval('#sound-way', ({ value }) => value);
      const asked = await page.textContent('#captions-final [data-speaker=you]');
      const port = await health();
      await end(page);
      const wire = await page.evaluate(() => window.__wire);
      assert.match(asked, /founder|measure|first|year/i);
      assert.match(shown, /^WebRTC/, 'the sound stays on WebRTC');

      const [episode] = ['the-moon'];
      const folder = join(work, 'recordings', episode);
      const [you, claude, guest] = ['you', 'claude', 'guest'].map((speaker) => decode(join(folder, `${speaker}.webm`)));
      assert.deepEqual([claude.length, guest.length], [you.length, you.length]);
      // Every stretch of the answer's track is the voice's next one: places rise, nothing comes twice.
      const source = tellingVoice(RATE, VOICE_S);
      const onset = guest.findIndex((sample) => Math.abs(sample) > 0.05);
      const places = [];
      let from = 0;
      for (let at = onset + PART; at + PART < guest.length; at += PART) {
        const part = guest.subarray(at, at + PART);
        if (part.filter((sample) => Math.abs(sample) > 0.05).length < PART / 2) continue;
        const { match, at: place } = find(part.filter((_, n) => n < 2_400), source, from, Math.min(from + 3 * PART, source.length - PART));
        if (match < 0.9) continue;
        places.push([at, place]);
        from = place;
      }
      const rises = places.every(([at, place], n) => n === 0 || place - places[n - 1][1] >= Math.min(PART, at - places[n - 1][0]) - 480);
      assert.ok(places.length > 15, `${places.length} stretches of the answer are on the track`);
      assert.ok(rises, JSON.stringify(places));
      const stalls = wire.sent.filter(({ stalled }) => stalled).length;
      assert.equal(stalls > 0, Boolean(hole), `${stalls} times the line stood still`);
      const captions = readFileSync(join(folder, 'guest.vtt'), 'utf8');
      assert.ok(captions.includes('-->'), 'what was heard is captioned');
      t.diagnostic(`${name}: ${relay.counts.lost} of ${relay.counts.up + relay.counts.down} datagrams lost, ${places.length} stretches in order, ` +
        `${stalls} stalls, sound by ${shown}; ${JSON.stringify(port)}`);
      assert.deepEqual(page.complaints, []);
    } finally {
      await context.close();
      relay.close();
      assert.equal(await studio.stop(), 0, 'the studio stops in order');
      voice.close();
      rmSync(work, { recursive: true, force: true });
    }
  });
}
