// The whole studio: the real binary with its own recogniser and voices, the page in a real Chromium, a spoken question
// as the microphone. What the page plays is heard through the tap and held against the track that was recorded.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decode, launch, ROOT, SHOTS, startStudio, tapInto } from './whole.mjs';

const RATE = 48_000;
const LIMIT = { timeout: 40_000 };

let studio, context;

/** A line of ours at the rate of Chromium's fake device, after the silence in which the page opens. */
function microphone() {
  const wav = join(studio.work, 'host.wav');
  execFileSync('ffmpeg', ['-v', 'error', '-i', join(ROOT, 'tests/audio/question.wav'), '-ar', `${RATE}`,
    '-af', 'adelay=3500,apad=pad_dur=20', wav]);
  return wav;
}

before(async () => {
  studio = await startStudio();
  context = await launch(studio.work, [`--use-file-for-fake-audio-capture=${microphone()}%noloop`]);
});

after(async () => {
  await context?.close();
  await studio?.stop();
});

/** Everything the page has played since it began to. */
const heard = async (page) => {
  const blocks = await page.evaluate(() => window.__heard.blocks.map(({ first, pcm }) => [first, [...pcm]]));
  const pcm = new Float32Array(blocks.at(-1)[0] + 128 - blocks[0][0]);
  for (const [first, samples] of blocks) pcm.set(samples, first - blocks[0][0]);
  return pcm;
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
  await tapInto(page);
  // Sample for sample over the socket; `webrtc.test.mjs` has the other way.
  await page.addInitScript(() => localStorage.setItem('studio.sound-way', 'socket'));
  await page.goto(studio.address);
  await page.fill('#name', 'Mona');
  await page.check('input[name=headphones][value=yes]', { force: true });
  await page.click('button[type=submit]');
  await page.waitForSelector('body[data-screen="live"]', LIMIT);

  await page.waitForSelector('#captions-final [data-speaker=you]', LIMIT);
  const screen = await context.newPage();
  await screen.goto(`${studio.address}/screen.html?show=orbs`);
  await screen.waitForSelector('[data-orb=claude][data-state=speaking], [data-orb=guest][data-state=speaking]', LIMIT);
  await screen.screenshot({ path: join(SHOTS, 'screen-orbs.png') });
  await screen.goto(`${studio.address}/screen.html?show=captions`);
  await screen.waitForSelector('#captions-final [data-speaker=you]', LIMIT);
  await screen.screenshot({ path: join(SHOTS, 'screen-captions.png') });
  await screen.close();
  await page.bringToFront();
  await page.waitForSelector('[data-orb=claude][data-state=speaking], [data-orb=guest][data-state=speaking]', LIMIT);
  await page.screenshot({ path: join(SHOTS, 'whole-live.png') });
  await page.waitForFunction(() => !document.querySelector('[data-state=speaking], [data-state=thinking]'), null, LIMIT);
  const asked = await page.textContent('#captions-final [data-speaker=you]');
  assert.match(asked, /founder|measure|first|year/i);

  await page.click('#end');
  await page.click('#end-confirm');
  await page.waitForSelector('#take[data-drawn]', LIMIT);
  await page.screenshot({ path: join(SHOTS, 'whole-ended.png'), fullPage: true });
  const played = await heard(page);

  const urls = await page.$$eval('#files a', (links) => links.map(({ href }) => href));
  const names = urls.map((url) => new URL(url).pathname.split('/').at(-1)).sort();
  assert.deepEqual(names, ['claude.vtt', 'claude.webm', 'episode.vtt', 'events.jsonl', 'guest.vtt', 'guest.webm',
    'session.yml', 'you.vtt', 'you.webm']);
  const hashes = await page.$$eval('.file code', (codes) => codes.map(({ textContent }) => textContent.replace('sha256 ', '')));
  for (const [i, url] of urls.entries()) {
    const body = await (await context.request.get(url)).body();
    assert.equal(createHash('sha256').update(body).digest('hex'), hashes[i], url);
  }

  const [episode] = urls.map((url) => new URL(url).pathname.split('/').at(-2));
  const track = (speaker) => decode(join(studio.work, 'recordings', episode, `${speaker}.webm`));
  const [you, claude, guest] = ['you', 'claude', 'guest'].map(track);
  assert.equal(you.length, claude.length);
  assert.equal(you.length, guest.length);
  assert.ok(firstLoud(you) > 0, 'the host is on the track');

  const answer = firstLoud(claude) >= 0 ? claude : guest;
  const second = (pcm) => pcm.slice(firstLoud(pcm) - 480, firstLoud(pcm) - 480 + RATE);
  const match = correlation(second(played), second(answer), 480);
  console.log(`heard against recorded: correlation ${match.toFixed(4)}`);
  assert.ok(match >= 0.99, `what was heard is what was recorded: ${match}`);
  assert.deepEqual(complaints, []);
});
