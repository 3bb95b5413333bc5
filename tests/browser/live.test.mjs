// The live room of the whole studio: the real binary with its own recogniser, minds and voices of a script, a synthetic
// host who speaks when something has been heard, never at a planned time. Each word of each AI is a tone of its own, so
// every case is judged by what the loudspeaker gave out and by what was recorded.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { connect, createServer } from 'node:net';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { sizeText } from '../../web/words.js';
import { startScript } from './coded.mjs';
import {
  decode, end, enter, finals, firstLoud, heardWords, isQuiet, lastLoud, launch, likeness, LIMIT, open, RATE, ROOT, SHOTS, startStudio,
} from './whole.mjs';

const LONG = 'The long story begins with a spark that jumped across a room and made a coil sing, so people built masts, and then the sea could talk.';
const LINES = [
  { of: /long story/i, ada: LONG, grace: LONG },
  { of: /something else/i, ada: 'Of course, ask away.', grace: 'Of course, ask away.' },
  { of: /make of that/i, ada: 'I make patience of it.', grace: 'Nobody asked me.' },
  { of: /agree with her/i, ada: 'Nobody asked me.', grace: 'Yes, her patience is mine.' },
  { of: /founder|first year/i, ada: 'Measure who comes back.', grace: 'Measure what people pay.' },
  { of: /maps/i, ada: 'Maps were painted first.', grace: 'Maps lie a little.' },
  { of: /./, ada: 'I see.', grace: 'I see.' },
];
const BRIEFING = `---
title: The radio, told twice
episode: radio
language: en
speakers:
  you: { name: Mona, role: host }
  claude: { name: Ada, role: co-host, persona: Says what is written., voice: ada }
  guest: { name: Grace, role: guest, persona: Says what is written., voice: grace }
segments:
  - { title: Talk, minutes: 5, goal: Talk about the radio. }
rules:
  prepare: { tries: 0, next: false }
---

## Everyone

The radio was invented by many people.
`;
/** A page may be told 200 ms of sound ahead; what was heard is known to a report's interval and a fade. */
const POSITION_MS_MAX = 60;

let script, briefings, studio, browser, proxy;

before(async () => {
  script = await startScript(LINES);
  briefings = mkdtempSync(join(tmpdir(), 'studio-briefings-'));
  writeFileSync(join(briefings, 'radio.md'), BRIEFING);
  studio = await startStudio({ ...script.settings, BRIEFINGS_DIR: briefings, LOG_LEVEL: 'warn' });
  browser = await launch();
  proxy = await startProxy(studio.address);
});

after(async () => {
  await browser?.close();
  proxy?.close();
  await studio?.stop();
  script?.close();
  rmSync(briefings, { recursive: true, force: true });
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

/** A live session of its own, ended and checked for complaints when `does` is over. */
async function live(does, address = studio.address) {
  const room = await open(browser, address);
  try {
    await enter(room.page);
    await does(room);
    assert.deepEqual(room.complaints, []);
  } finally {
    await room.page.close({ runBeforeUnload: false });
  }
}

const texts = (said) => said.map(({ who, word }) => `${who} ${word}`).join(', ');
const expected = (who, text) => texts(script.words(who, text));
/** What a speaker's final captions say, of one turn or of all, one after the other. */
const captioned = (events, speaker, turn) => events.filter((event) => event.type === 'caption' && event.isFinal && event.text
  && event.speaker === speaker && (turn === undefined || event.turn === turn)).map(({ text }) => text).join(' ');
/** So many final captions of AIs are there. */
const answered = (page, count) => page.waitForFunction((least) =>
  document.querySelectorAll('#captions-final .caption:not([data-speaker=you])').length >= least, count, LIMIT);
const WHO = { claude: 'ada', guest: 'grace' };

/** Each stretch without a second of silence in it, in ms: what a person says at a time. */
function stretches(pcm) {
  const found = [];
  for (let i = 0; i < pcm.length; i++) {
    if (Math.abs(pcm[i]) < 0.01) continue;
    const ms = i / 48;
    if (found.length && ms - found.at(-1).until < 1000) found.at(-1).until = ms;
    else found.push({ from: ms, until: ms });
  }
  return found;
}

test('one question: the answer is heard, captioned and recorded word for word', { timeout: 90_000 }, async (t) => {
  await live(async ({ page, say }) => {
    await say('question');
    await page.waitForFunction(() => document.querySelector('#captions-final .caption:not([data-speaker=you])'), null, LIMIT);
    await isQuiet(page);
    await page.screenshot({ path: join(SHOTS, 'whole-live.png') });
    const { events, played, track } = await end(page, studio.work);
    const { speaker } = events.find(({ type }) => type === 'floor.grant');
    const text = LINES[4][WHO[speaker]];
    const heard = script.read(played);
    assert.equal(texts(heard.said), expected(WHO[speaker], text), 'what the loudspeaker gave out');
    assert.equal(texts(script.read(track(speaker)).said), expected(WHO[speaker], text), 'what was recorded');
    assert.equal(captioned(events, speaker), text);
    const [ai, host] = [likeness(played, track(speaker)), likeness(decode(join(ROOT, 'tests/audio/question.wav')), track('you'), 2400)];
    t.diagnostic(`correlation: AI heard against recorded ${ai.toFixed(4)}, host spoken against recorded ${host.toFixed(4)}`);
    assert.ok(ai >= 0.99, `AI: ${ai}`);
  });
});

test('the host cuts in: silence, a caption cut at the word, and the next answer', { timeout: 90_000 }, async (t) => {
  await live(async ({ page, say }) => {
    await say('request');
    await heardWords(page, 5);
    await say('barge-in');
    await page.waitForSelector('#captions-final .caption .cut', LIMIT);
    await page.screenshot({ path: join(SHOTS, 'whole-barge-in.png') });
    await finals(page, 'you', 2);
    await page.waitForFunction(() => document.querySelectorAll('#captions-final .caption:not([data-speaker=you])').length >= 2, null, LIMIT);
    await isQuiet(page);
    const { events, played, track } = await end(page, studio.work);
    // After the show it is seen where the AI was cut off, and nowhere else.
    await page.screenshot({ path: join(SHOTS, 'whole-barge-in-after.png'), fullPage: true });
    const marked = await page.$$eval('.cue .cut', (marks) => marks.map((mark) => [mark.textContent, mark.closest('.cue').querySelector('b').textContent]));
    assert.deepEqual(marked.map(([word]) => word), ['cut off']);

    const cut = events.find(({ type, verdict }) => type === 'barge-in' && verdict === 'stopped');
    assert.ok(cut, 'the engine judged it an interruption');
    const flushed = events.find(({ type, input, turn }) => type === 'playout' && input === 'flushed' && turn === cut.turn);
    const { speaker } = events.find(({ type, turn }) => type === 'floor.grant' && turn === cut.turn);
    const { said, both } = script.read(played);
    assert.equal(both, 0);
    const next = expected(WHO[events.findLast(({ type }) => type === 'floor.grant').speaker], 'Of course, ask away.');
    assert.ok(texts(said).endsWith(next), `the next answer follows whole: ${texts(said)}`);

    // The last word of the first answer that sounded, and where the caption was cut.
    const first = said.slice(0, said.length - 4);
    const [begun, gone] = [first[0].fromMs, first.at(-1).untilMs + 30];
    const position = flushed.samples / 48;
    t.diagnostic(`reported heard ${position.toFixed(0)} ms of the turn, sounded ${(gone - begun).toFixed(0)} ms`);
    assert.ok(Math.abs(position - (gone - begun)) <= POSITION_MS_MAX, `${position} ms reported, ${gone - begun} ms sounded`);
    const shown = script.words(WHO[speaker], captioned(events, speaker, cut.turn));
    assert.ok(expected(WHO[speaker], LONG).startsWith(texts(shown)), 'the caption is the beginning of the line');
    assert.ok(Math.abs(shown.length - first.length) <= 1, `${shown.length} words in the caption, ${first.length} sounded`);

    const host = stretches(track('you'));
    const ai = track(speaker);
    const onset = host[1].from;
    const silentFrom = lastLoud(ai.subarray(0, Math.round((host[1].until + 200) * 48))) / 48;
    t.diagnostic(`the AI falls silent ${(silentFrom - onset).toFixed(0)} ms after the host’s first sound, in the record`);
    const after = firstLoud(ai.subarray(Math.round((silentFrom + 1) * 48))) / 48;
    assert.ok(after === -1 / 48 || after >= 1000, `silent for a second at least: ${after}`);
  });
});

test('a short “mm hmm” does not stop an AI', { timeout: 90_000 }, async () => {
  await live(async ({ page, say }) => {
    await say('request');
    await heardWords(page, 3);
    await say('mm-hmm');
    await isQuiet(page);
    await page.waitForFunction(() => document.querySelector('#captions-final .caption:not([data-speaker=you])'), null, LIMIT);
    const { events, played } = await end(page, studio.work);
    assert.equal(events.some(({ type, verdict }) => type === 'barge-in' && verdict === 'stopped'), false);
    const { speaker } = events.find(({ type }) => type === 'floor.grant');
    // A word in which the AI was paused sounds in two parts.
    const whole = script.read(played).said.filter(({ word }, at, all) => word !== all[at - 1]?.word);
    assert.equal(texts(whole.slice(0, 27)), expected(WHO[speaker], LONG), 'every word was heard, in order and once');
  });
});

test('a pause inside a sentence is nobody’s turn', { timeout: 90_000 }, async (t) => {
  await live(async ({ page, say }) => {
    await say('pause');
    await page.waitForFunction(() => document.querySelector('#captions-final .caption:not([data-speaker=you])'), null, LIMIT);
    await isQuiet(page);
    const { track } = await end(page, studio.work);
    const host = stretches(track('you'));
    const [first, last] = [host[0], host.at(-1)];
    assert.ok(host.length === 2 && last.from - first.until > 1000, `a gap of more than a second: ${JSON.stringify(host)}`);
    const onsets = ['claude', 'guest'].map((speaker) => firstLoud(track(speaker)) / 48).filter((ms) => ms >= 0);
    t.diagnostic(`the host speaks until ${last.until.toFixed(0)} ms, an AI from ${Math.min(...onsets).toFixed(0)} ms`);
    assert.ok(Math.min(...onsets) > last.until, 'no AI before the sentence is over');
  });
});

test('three turns: who is called answers, and never two at once', { timeout: 120_000 }, async () => {
  await live(async ({ page, say }) => {
    await say('ada');
    await answered(page, 1);
    await isQuiet(page);
    await say('grace');
    await answered(page, 2);
    await isQuiet(page);
    const { events, played } = await end(page, studio.work);
    const heard = script.read(played);
    assert.equal(heard.both, 0);
    const granted = events.filter(({ type }) => type === 'floor.grant');
    const grants = granted.map(({ speaker, reason }) => [speaker, reason]);
    assert.equal(grants.length, 2);
    assert.equal(texts(heard.said), granted.map(({ speaker, turn }) => expected(WHO[speaker], captioned(events, speaker, turn))).join(', '),
      'what the loudspeaker gave out is what is captioned, every word once');
    assert.match(captioned(events, 'you'), /\bada\b.*\bgrace\b/i);
    assert.deepEqual(grants, [['claude', 'addressed'], ['guest', 'addressed']]);
  });
});

test('the interrupt button silences at once, and a muted host is silence in the record', { timeout: 90_000 }, async (t) => {
  await live(async ({ page, say }) => {
    await say('request');
    await heardWords(page, 3);
    await page.click('#interrupt');
    await page.waitForSelector('#captions-final .caption .cut', LIMIT);
    await isQuiet(page);
    await page.click('#mute');
    await page.waitForSelector('[data-orb=you][data-state=muted]', LIMIT);
    await say('question');
    await page.click('#mute');
    await page.waitForSelector('[data-orb=you]:not([data-state=muted])', LIMIT);
    const { events, played, track } = await end(page, studio.work);
    const { said } = script.read(played);
    const { speaker } = events.find(({ type }) => type === 'floor.grant');
    const whole = expected(WHO[speaker], LONG);
    assert.ok(whole.startsWith(texts(said)) && texts(said).length < whole.length, `cut off: ${texts(said)}`);
    t.diagnostic(`${said.length} of 27 words were heard before the button`);
    assert.equal(stretches(track('you')).length, 1, 'what was said muted is not on the track');
    assert.match(captioned(events, 'you'), /radio/i);
    assert.doesNotMatch(captioned(events, 'you'), /founder/i);
  });
});

test('a connection that is cut comes back into the same session, and nothing is doubled', { timeout: 120_000 }, async () => {
  await live(async ({ page, say }) => {
    await say('request');
    await heardWords(page, 4);
    proxy.cut();
    await page.waitForSelector('#failure:visible', LIMIT);
    await page.waitForSelector('#failure', { state: 'hidden', ...LIMIT });
    await page.waitForFunction(() => document.querySelector('#captions-final .caption:not([data-speaker=you])'), null, LIMIT);
    await isQuiet(page);
    const { events, played } = await end(page, studio.work);
    assert.equal(events.filter(({ type }) => type === 'session.start').length, 1);
    assert.ok(events.some(({ type }) => type === 'client.disconnected'), 'the studio knew');
    const { speaker } = events.find(({ type }) => type === 'floor.grant');
    const { said } = script.read(played);
    // The word in which the connection broke may sound in two parts.
    const once = said.filter(({ word }, i) => word !== said[i - 1]?.word);
    assert.equal(texts(once), expected(WHO[speaker], LONG), 'every word was heard, in order and once');
    assert.equal(captioned(events, speaker), LONG);
  }, proxy.address);
});

test('a page that is loaded again goes back into its session, and the recording is one', { timeout: 120_000 }, async () => {
  await live(async ({ page, say }) => {
    await say('ada');
    await finals(page, 'claude', 1);
    await isQuiet(page);
    page.once('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await page.click('#return');
    await page.waitForSelector('body[data-screen="live"]', LIMIT);
    await finals(page, 'claude', 1);
    await say('grace');
    await finals(page, 'guest', 1);
    await isQuiet(page);
    const { events, played, track } = await end(page, studio.work);
    assert.equal(events.filter(({ type }) => type === 'session.start').length, 1);
    assert.equal(texts(script.read(played).said), expected('grace', 'Yes, her patience is mine.'), 'after the reload');
    assert.equal(texts(script.read(track('claude')).said), expected('ada', 'I make patience of it.'), 'before it');
    assert.equal(stretches(track('you')).length, 2);
  });
});

test('nothing listens and nothing sounds before the host has entered', { timeout: 60_000 }, async () => {
  const { page, complaints } = await open(browser, studio.address);
  assert.match(await page.textContent('#consent'), /recorded/);
  assert.equal(await page.evaluate(() => window.__asked), 0, 'the microphone was not asked for');
  assert.equal(await page.evaluate(() => window.__heard.blocks.length), 0, 'no loudspeaker was opened');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('what is downloaded is what was recorded, to the byte', { timeout: 90_000 }, async () => {
  await live(async ({ page, say }) => {
    await say('question');
    await answered(page, 1);
    await isQuiet(page);
    const { folder } = await end(page, studio.work);
    await page.screenshot({ path: join(SHOTS, 'whole-ended.png'), fullPage: true });
    const rows = await page.$$eval('.file a', (links) => links.map((link) => ({ name: link.textContent, facts: link.nextElementSibling.textContent })));
    assert.deepEqual(rows.map(({ name }) => name).toSorted(), ['claude.vtt', 'claude.wav', 'claude.webm', 'episode.vtt', 'events.jsonl', 'guest.vtt',
      'guest.wav', 'guest.webm', 'mix.wav', 'session.yml', 'you.vtt', 'you.wav', 'you.webm']);
    const sums = new Map((await page.textContent('[data-take=sums]')).split('\n').map((line) => line.split('  ').reverse()));
    // Chromium gives a page ten files, then asks the reader; `studio.test.mjs` fetches the other WAVs.
    for (const { name, facts } of rows.filter((row) => !/^(you|claude|guest)\.wav$/.test(row.name))) {
      const [download] = await Promise.all([page.waitForEvent('download', LIMIT), page.click(`.file a >> text="${name}"`)]);
      const bytes = readFileSync(await download.path());
      assert.equal(download.suggestedFilename(), `${basename(folder)}-${name}`);
      if (name.endsWith('.wav')) {
        // Made from the tracks when it was asked for; `studio.test.mjs` compares the samples.
        assert.ok(facts.includes(sizeText(bytes.length)) && /made when you download it/.test(facts), `${name}: ${facts}`);
        assert.equal(sums.has(name), false);
        continue;
      }
      assert.ok(bytes.equals(readFileSync(join(folder, name))), name);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sums.get(name), name);
      assert.ok(facts.includes(sizeText(bytes.length)), `${name}: ${facts}`);
    }
  });
});

test('a denied microphone is said in words, and the studio begins once it is allowed', { timeout: 60_000 }, async () => {
  const strict = await launch({ isAllowed: false });
  try {
    const { page, complaints } = await open(strict, studio.address, { isSynthetic: false });
    await page.click('button[type=submit]');
    await page.waitForSelector('#failure:visible', LIMIT);
    assert.match(await page.textContent('#failure'), /microphone is not allowed/);
    await strict.grantPermissions(['microphone']);
    await enter(page);
    const { track } = await end(page, studio.work);
    assert.ok(track('you').length > RATE / 10, 'it is recorded');
    assert.deepEqual(complaints, []);
  } finally {
    await strict.close();
  }
});
