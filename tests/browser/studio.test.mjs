// The whole studio as it comes: its own recogniser, voices and minds, the page in a real Chromium, and a spoken line as
// the microphone. A sound check first, then a session; what the page plays is heard through the tap and held against the
// track that was recorded.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { end, enter, finals, firstLoud, isQuiet, launch, likeness, LIMIT, microphone, open, SHOTS, startStudio } from './whole.mjs';

let studio;

before(async () => { studio = await startStudio(); });
after(async () => { await studio?.stop(); });

test('a spoken question is answered aloud, and what was heard is what was recorded', { timeout: 120_000 }, async (t) => {
  const context = await launch({ wav: microphone(studio.work, 'question', 3500) });
  try {
    const { page, complaints } = await open(context, studio.address, { isSynthetic: false });
    await page.fill('#name', 'Mona');
    await enter(page);
    await finals(page, 'you', 1);
    await page.waitForSelector('[data-orb=claude][data-state=speaking], [data-orb=guest][data-state=speaking]', LIMIT);
    await page.screenshot({ path: join(SHOTS, 'studio-live.png') });
    await isQuiet(page);
    assert.match(await page.textContent('#captions-final [data-speaker=you]'), /founder|measure|first|year/i);

    const { folder, played, track } = await end(page, studio.work);
    await page.screenshot({ path: join(SHOTS, 'studio-ended.png') });
    const urls = await page.$$eval('#files a', (links) => links.map(({ href }) => href));
    const names = urls.map((url) => new URL(url).pathname.split('/').at(-1)).sort();
    assert.deepEqual(names, ['claude.vtt', 'claude.wav', 'claude.webm', 'episode.vtt', 'events.jsonl', 'guest.vtt', 'guest.wav', 'guest.webm',
      'mix.wav', 'session.yml', 'you.vtt', 'you.wav', 'you.webm']);
    const answers = new Map();
    for (const url of urls) {
      const answer = await context.request.get(url);
      assert.equal(answer.status(), 200, url);
      answers.set(new URL(url).pathname.split('/').at(-1), await answer.body());
    }
    // What is made from the tracks is what the tracks hold, as long as the page says.
    for (const name of ['you', 'claude', 'guest']) {
      const wav = answers.get(`${name}.wav`);
      assert.equal(wav.subarray(0, 4).toString(), 'RIFF', name);
      const samples = track(name);
      assert.equal(wav.length, 44 + 2 * samples.length, name);
      const furthest = samples.reduce((most, sample, i) => Math.max(most, Math.abs(sample - wav.readInt16LE(44 + 2 * i) / 32_768)), 0);
      assert.ok(furthest < 0.001, `${name}.wav is its track, but for rounding: ${furthest}`);
    }
    assert.equal(answers.get('mix.wav').length, answers.get('you.wav').length);

    const [you, claude, guest] = ['you', 'claude', 'guest'].map(track);
    assert.equal(you.length, claude.length);
    assert.equal(you.length, guest.length);
    assert.ok(firstLoud(you) > 0, 'the host is on the track');
    const match = likeness(played, firstLoud(claude) >= 0 ? claude : guest);
    t.diagnostic(`heard against recorded: correlation ${match.toFixed(4)}`);
    assert.ok(match >= 0.99, `what was heard is what was recorded: ${match}`);
    assert.doesNotMatch(readFileSync(join(folder, 'session.yml'), 'utf8'), /sound_check/, 'nobody made one');
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
});

test('a sound check hears the room, the echo and the read sentence, and stands in session.yml', { timeout: 120_000 }, async (t) => {
  // Read eight seconds after the microphone opens: after the quiet and the noise.
  const context = await launch({ wav: microphone(studio.work, 'sentence', 8000) });
  try {
    const { page, complaints } = await open(context, studio.address, { isSynthetic: false });
    await page.check('input[name=headphones][value=yes]', { force: true });
    await page.click('[data-lobby=open]');
    await page.waitForSelector('[data-lobby=bench]:visible', LIMIT);
    await page.click('[data-lobby=check]');
    await page.waitForFunction(() => /Read aloud/.test(document.querySelector('[data-lobby=words]').textContent), null, LIMIT);
    await page.screenshot({ path: join(SHOTS, 'sound-check.png') });
    await page.waitForSelector('[data-lobby=result] .about', LIMIT);
    const said = await page.$$eval('[data-lobby=result] p', (lines) => lines.map(({ textContent }) => textContent));
    t.diagnostic(said.join(' | '));
    await page.screenshot({ path: join(SHOTS, 'sound-check-result.png'), fullPage: true });
    const share = Number(said.at(-1).match(/understood (\d+) %/)[1]);
    assert.ok(share >= 75, `the studio’s own recogniser understood ${share} % of the sentence`);

    await page.click('button[type=submit]');
    await page.waitForSelector('body[data-screen="live"]', LIMIT);
    const { folder, events } = await end(page, studio.work);
    const manifest = readFileSync(join(folder, 'session.yml'), 'utf8');
    t.diagnostic(manifest.match(/sound_check:[^]*?(?=\n\w)/)?.[0].replaceAll(/\s+/g, ' ') ?? 'none');
    assert.match(manifest, /sound_check:\n\s+level_dbfs: -\d+\n\s+peak_dbfs: -?\d+\n\s+noise_dbfs: -\d+\n\s+echo_dbfs: -\d+\n\s+round_trip_ms: \d+\n\s+headphones: true\n\s+recognised_per_mille: \d+/);
    assert.equal(Math.round(events[0].soundCheck.recognisedPerMille / 10), share);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
});
