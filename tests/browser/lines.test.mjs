// A whole session in a real Chromium on bad lines: a spoken question, an answer with a voice whose every sample can be told,
// through a relay that loses, delays, reorders, falls silent and moves. The session holds, the tracks are equal, nothing is
// spoken twice, captions are right.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LIMIT, RATE, decode, end, enter, find, heard, launch, median, microphone, spoken, startRelay, startStudio, startVoice, tellingVoice }
  from './line.mjs';

/** Of the answer so much is listened to before it is interrupted: the hole of five seconds lies in it. */
const HEARD_MS = 9_000;
const VOICE_S = 60;
/** Stretches of the answer's track that are looked up in the voice. */
const PART = 4_800;
/**
 * How far question and answer may lie apart on the tracks from where they lie in the page. Seen are 2 to 8 ms; the page's own
 * reading of its microphone comes in blocks of 10 ms, and of its loudspeaker in blocks of 3. With jitter the fastest of the first
 * packets tells the delay: 22 ms are seen at 150.
 */
const APART_MS_MAX = 20;
const APART_OF_JITTER = 0.2;
/** Each by its beginning: 50 ms, one pitch and the change to the next. */
const STEP = 2_400;
/** A voice that breaks off is faded within 10 ms. */
const EDGE = 480;
/** So much without a sound is a break: the voice itself never pauses. */
const BREAK = 1_440;

/** The voice peaks at 0.4; what a coder smears into the silence before and behind it, by up to 10 ms, stays below this. */
const VOICED = 0.05;

/** Breaks of a voice from here on to its end: where it broke off and where it went on. */
function gaps(track, onset) {
  const found = [];
  let last = onset;
  for (let at = onset; at < track.length; at++) {
    if (Math.abs(track[at]) < VOICED) continue;
    if (at - last > BREAK) found.push([last + 1, at]);
    last = at;
  }
  return found;
}

const LINES = [
  { name: 'no loss', lossPercent: 0, jitterMs: 0 },
  { name: '5 %, 50 ms', lossPercent: 5, jitterMs: 50 },
  { name: '20 %, 150 ms', lossPercent: 20, jitterMs: 150 },
  { name: 'reordered', heldPercent: 20 },
  { name: 'a hole of five seconds', hole: true },
  { name: 'another port', moves: true },
  { name: 'no UDP', isBlocked: true },
];

/** Which of them, by their names; all of them unless told. */
const wanted = new RegExp(process.env.STUDIO_LINES ?? '');

for (const { name, hole, moves, isBlocked, ...line } of LINES.filter(({ name }) => wanted.test(name))) {
  test(`a session holds by WebRTC: ${name}`, { timeout: 120_000 }, async (t) => {
    const work = mkdtempSync(join(tmpdir(), 'studio-line-'));
    const voice = await startVoice(VOICE_S);
    const studio = await startStudio(work, { USE_REAL_ADAPTERS: 'true', STT_PROVIDER: 'moonshine', TTS_PROVIDER: 'piper',
      PIPER_HTTP_URL: voice.url, PIPER_MODEL_PATH: import.meta.filename, GUEST_PROVIDER: 'rehearsal', ANTHROPIC_API_KEY: 'none' });
    const health = async () => (await (await fetch(`${studio.address}/health`)).json()).webrtc;
    const relay = await startRelay((await health()).port);
    relay.line.isDead = Boolean(isBlocked);
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
      const [played, said] = [await heard(page), await spoken(page)];
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
      let unlike = 0;
      let from = 0;
      for (let at = onset + PART; at + PART < guest.length; at += PART) {
        const part = guest.subarray(at, at + PART);
        if (part.filter((sample) => Math.abs(sample) > 0.05).length < PART / 2) continue;
        const { match, at: place } = find(part.subarray(0, STEP), source, from, Math.min(from + 3 * PART, source.length - PART));
        if (match < 0.9) { unlike += 1; continue; }
        places.push([at, place]);
        from = place;
      }
      const rises = places.every(([at, place], n) => n === 0 || place - places[n - 1][1] >= (at - places[n - 1][0] > PART ? 1 : PART - EDGE));
      assert.ok(places.length > 15, `${places.length} stretches of the answer are on the track`);
      assert.ok(rises, JSON.stringify(places));
      // Where the voice broke off it goes on with what was not heard yet.
      const breaks = gaps(guest, onset).map(([from, until]) => {
        const before = from - EDGE - STEP;
        const after = until + EDGE;
        const ended = find(guest.subarray(before, before + STEP), source, 0, 2 * HEARD_MS * 48).at + STEP + EDGE;
        const wentOn = find(guest.subarray(after, after + STEP), source, 0, 2 * HEARD_MS * 48).at - EDGE;
        return { ms: Math.round((until - from) / 48), skippedMs: Math.round((wentOn - ended) / 48) };
      });
      assert.ok(breaks.every(({ skippedMs }) => skippedMs > -10), JSON.stringify(breaks));
      const stalls = wire.sent.filter(({ stalled }) => stalled).length;
      // The browser asks after its path every second or two; until then nothing comes down to its other port.
      const allowed = hole ? [1, 2] : moves ? [0, 1] : [0];
      assert.ok(allowed.includes(stalls), `${stalls} times the line stood still`);
      assert.equal(breaks.length, stalls, JSON.stringify(breaks));
      // How far the answer lies from the question, on the tracks and in the page, there on one audio clock.
      const near = (part, whole, at) => find(part, whole, Math.max(0, at - RATE / 2), Math.min(whole.length - part.length, at + RATE / 2));
      const begins = (pcm) => pcm.findIndex((sample) => Math.abs(sample) > 0.1);
      const [[placed]] = places;
      const answer = near(guest.subarray(placed, placed + PART), played.pcm, begins(played.pcm) + placed - begins(guest));
      const word = begins(said.pcm);
      const question = near(said.pcm.subarray(word, word + 2 * PART), you, begins(you));
      const onTrack = placed - question.at;
      const inPage = answer.at + played.origin - word - said.origin;
      const device = median(wire.clocks.map(({ context, outputContext, at, outputAt }) => context - outputContext - (at - outputAt) / 1000));
      const apart = ((onTrack - inPage) / RATE - device) * 1000;
      t.diagnostic(`${name}: tracks ${apart.toFixed(1)} ms apart from the page (likeness ${answer.match.toFixed(3)} and ${question.match.toFixed(3)}), ` +
        `its device ${(device * 1000).toFixed(1)} ms`);
      assert.ok(Math.abs(apart) < APART_MS_MAX + APART_OF_JITTER * (line.jitterMs ?? 0), `${apart} ms`);
      // What the page showed for good stands in the file, once.
      const plain = (text) => text.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ').trim();
      const shownFinal = wire.received.filter(({ type, speaker, isFinal }) => type === 'caption' && speaker === 'guest' && isFinal);
      const inFile = readFileSync(join(folder, 'guest.vtt'), 'utf8').split(/\n\n+/).filter((cue) => cue.includes('-->'));
      assert.equal(plain(inFile.map((cue) => cue.slice(cue.indexOf('\n', cue.indexOf('-->')))).join(' ')), plain(shownFinal.map(({ text }) => text).join(' ')));
      assert.ok(inFile.length > 0, 'what was heard is captioned');
      t.diagnostic(`${name}: ${relay.counts.lost} of ${relay.counts.up + relay.counts.down} datagrams lost, ${places.length} stretches in order, ` +
        `${unlike} unlike, ${stalls} stalls, breaks ${JSON.stringify(breaks)}, sound by ${shown}; ${JSON.stringify(port)}`);
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
