// The page in a real Chromium, against a scripted studio. Audio is heard through a tap before the loudspeaker; nothing
// here waits for a time, only for what the page says or plays. Screenshots of every screen go to target/page/.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clipped, contexts, enter, everyLook, FILES, findings, launch, open, ROOT, server, shot, SHOTS } from './scripted.mjs';
import { POLICY, RATE } from './server.mjs';

/** The budget from order to silence. By the page's wall clock a shared machine may be slow: three times as much is a fault. */
const SILENCE_MS = 25;
const SILENCE_MS_MAX = 3 * SILENCE_MS;
/** So many samples without sound are silence: 25 ms, longer than any gap in speech frames. */
const SILENT_SAMPLES = 1200;

/** Noise in which every place can be told from every other: a coded voice. */
function code(seconds, seed) {
  const pcm = new Int16Array(seconds * RATE);
  let x = seed;
  for (let i = 0; i < pcm.length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
    pcm[i] = (x >> 18) | 1;
  }
  return pcm;
}

/** All that was heard, on the audio context's clock, as 16-bit samples; and when each of them was heard. */
async function heard(page) {
  const { base64, walls, start, orders } = await page.evaluate(() => {
    const { blocks, orders } = window.__heard;
    const start = blocks[0].first;
    const pcm = new Int16Array(blocks.at(-1).first + 128 - start);
    const walls = new Array(pcm.length / 128);
    for (const block of blocks) {
      block.pcm.forEach((sample, i) => { pcm[block.first - start + i] = Math.round(sample * 32_768); });
      walls[(block.first - start) / 128] = block.wall;
    }
    const bytes = new Uint8Array(pcm.buffer);
    let text = '';
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return { base64: btoa(text), walls, start, orders };
  });
  const bytes = Buffer.from(base64, 'base64');
  const pcm = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  // When the quantum had been rendered and the page's main thread knew: later than the truth, never earlier.
  const orderAt = (type) => orders.findLast((order) => order.type === type).frame - start;
  return { pcm, orderAt, wallOf: (index) => walls[Math.floor(index / 128)] };
}

/** Waits until so many more samples were played, sound or silence. */
async function played(page, samples) {
  const blocks = await page.evaluate(() => window.__heard.blocks.length);
  await page.waitForFunction((least) => window.__heard.blocks.length >= least, blocks + Math.ceil(samples / 128));
}

const nextSound = (pcm, from) => {
  let index = from;
  while (index < pcm.length && pcm[index] === 0) index += 1;
  return index;
};

const nextSilence = (pcm, from) => {
  let run = 0;
  for (let index = from; index < pcm.length; index++) {
    run = pcm[index] === 0 ? run + 1 : 0;
    if (run === SILENT_SAMPLES) return index - SILENT_SAMPLES + 1;
  }
  return pcm.length;
};

/** How many samples from `index` on are exactly `expected` from `place` on. */
const sameLength = (pcm, index, expected, place) => {
  let length = 0;
  while (place + length < expected.length && pcm[index + length] === expected[place + length]) length += 1;
  return length;
};

test('the page asks for the policy that the server of the product sends', () => {
  const source = readFileSync(join(ROOT, 'src/http/page.rs'), 'utf8');
  assert.ok(source.includes(POLICY));
});

test('a session from the first screen to the files', async (t) => {
  const context = await launch();
  const { page, complaints } = await open(context);
  let client;

  await t.test('the first screen says what is recorded and fits a small window', async () => {
    assert.match(await page.textContent('#consent'), /recorded/);
    assert.match(await page.textContent('#briefing-about'), /Mona, Ada, and Grace/);
    await shot(page, 'start-dark');
    assert.deepEqual(await findings(page), []);
    await page.emulateMedia({ colorScheme: 'light' });
    await shot(page, 'start-light');
    assert.deepEqual(await findings(page), []);
    await page.setViewportSize({ width: 360, height: 740 });
    await shot(page, 'start-360', { fullPage: true });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'dark' });
  });

  await t.test('hello carries name, briefing and the true sample rate', async () => {
    const entered = await enter(page);
    client = entered.client;
    const { wall: _, ...hello } = entered.hello;
    assert.deepEqual(hello, {
      type: 'hello', participantName: 'Mona', episodeId: '', briefing: 'night-trains',
      audio: { codec: 'pcm', sampleRate: RATE }, reports: true, protocol: 1,
    });
  });

  await t.test('the microphone comes in frames without a hole', async () => {
    await client.until(({ frames }) => frames.length >= 50, '50 frames');
    client.frames.forEach((frame, i) => {
      assert.equal(frame.kind, 1);
      assert.equal(frame.sequence, i);
      assert.equal(frame.samples, 960);
      assert.equal(frame.first, client.frames[0].first + i * 960);
    });
  });

  await t.test('a voice is heard to the sample, paused, resumed at the sample and flushed', async (t) => {
    const voice = code(6, 1);
    const other = code(1, 2);
    client.send('orb.state', { speaker: 'claude', state: 'speaking' });
    const first = client.speak('claude', 1, voice);
    await client.until((c) => c.positions(1).some((p) => p.playedSamples > RATE * 0.8), 'position before the pause');
    const sent = first.stop();
    const pausedAt = client.send('audio.pause', { speaker: 'claude', turn: 1, fadeMs: 10 });
    await played(page, RATE * 0.3);
    const from = client.positions(1).at(-1).playedSamples;

    client.send('audio.resume', { speaker: 'claude', turn: 1, fromSample: from });
    const second = client.speak('claude', 1, voice, sent);
    await client.until((c) => c.positions(1).some((p) => p.playedSamples > from + RATE * 0.8), 'position before the flush');
    const late = second.stop();
    const flushedAt = client.send('audio.flush', { speaker: 'claude', turn: 1, fadeMs: 10 });
    // One frame that was on its way when the order was given, and more after the page has confirmed.
    const sendLate = (i) => client.audio('claude', 1, late + i * 960, voice.subarray(late + i * 960, late + (i + 1) * 960));
    sendLate(0);
    const answer = await client.text('client.playout', (text) => text.turn === 1 && text.flushed);
    for (let i = 1; i < 10; i++) sendLate(i);
    await played(page, RATE * 0.3);

    client.speak('guest', 2, other);
    await client.until((c) => c.positions(2).some((p) => p.playedSamples === other.length), 'the end of the second turn');
    await played(page, RATE * 0.1);

    const { pcm, wallOf, orderAt } = await heard(page);
    const began = nextSound(pcm, 0);
    const silent = nextSilence(pcm, began);
    const same = sameLength(pcm, began, voice, 0);
    assert.ok(same >= silent - began - 500, `exact for ${same} of ${silent - began} samples`);

    const resumed = nextSound(pcm, silent);
    // The ramp of 5 ms is over after 240 samples; its very first ones may round to silence.
    const shift = [0, 1, 2, 3, 4].find((d) => sameLength(pcm, resumed + 240, voice, from + 240 + d) > 4800);
    assert.notEqual(shift, undefined, 'the voice goes on at the sample');
    const gone = nextSilence(pcm, resumed);
    assert.ok(Math.abs(from + shift + gone - resumed - answer.playedSamples) <= 4,
      `reported ${answer.playedSamples}, heard ${from + shift + gone - resumed}`);

    const next = nextSound(pcm, gone);
    assert.equal(sameLength(pcm, next, other, 0), other.length, 'only the other voice follows, whole');
    assert.equal(client.positions(1).filter((p) => p.flushed).length, 1);

    // On the audio context's own clock: what the loudspeaker is given, whatever else the machine does.
    const [pauseSamples, flushSamples] = [silent - orderAt('audio.pause'), gone - orderAt('audio.flush')];
    t.diagnostic(`order to silence at the output: pause ${(pauseSamples / 48).toFixed(1)} ms, flush ${(flushSamples / 48).toFixed(1)} ms of sound`);
    assert.ok(Math.max(pauseSamples, flushSamples) <= SILENCE_MS * 48, `pause ${pauseSamples}, flush ${flushSamples} samples`);
    const [pauseMs, flushMs] = [wallOf(silent) - pausedAt, wallOf(gone) - flushedAt];
    t.diagnostic(`order to silence by the wall clock: pause ${pauseMs.toFixed(1)} ms, flush ${flushMs.toFixed(1)} ms`);
    t.diagnostic(`flush to its confirmation at the server: ${(answer.wall - flushedAt).toFixed(1)} ms`);
    assert.ok(pauseMs < SILENCE_MS_MAX && flushMs < SILENCE_MS_MAX);
  });

  await t.test('positions never go back and each carries the capture counter', () => {
    for (const turn of [1, 2]) {
      const positions = client.positions(turn);
      assert.ok(positions.length > 10);
      positions.slice(1).forEach((position, i) => {
        assert.ok(position.playedSamples >= positions[i].playedSamples);
        assert.ok(position.captureSample >= positions[i].captureSample);
      });
    }
  });

  await t.test('captions tell heard from pending, and final ones enter the live region once', async () => {
    client.caption(1, 'you', { text: 'Ada, why did the night trains come back?', isFinal: true });
    client.caption(2, 'claude', { text: 'Because a bed that moves is worth', pending: 'more than an hour saved.', isFinal: false });
    await page.waitForSelector('#captions-interim .pending');
    assert.equal(await page.locator('[role=log] .caption').count(), 1);
    client.caption(2, 'claude', { text: 'Because a bed that moves is worth', isFinal: true, cut: true });
    client.caption(3, 'you', { text: 'Hold on, who pays for it?', isFinal: true });
    client.caption(4, 'guest', { text: 'The sleepers do, mostly. On the line to Vienna', pending: 'a berth costs less than the hotel it replaces.' });
    client.send('orb.state', { speaker: 'claude', state: 'interrupted' });
    client.send('orb.state', { speaker: 'guest', state: 'speaking' });
    client.speak('guest', 4, code(2, 3).map((sample) => sample >> 1));
    await page.waitForSelector('#captions-interim [data-speaker=guest]');
    await client.until((c) => c.positions(4).some((p) => p.playedSamples > RATE / 2), 'the third turn');
    assert.equal(await page.locator('[role=log] .caption').count(), 3);
    assert.equal(await page.locator('[role=log] .cut').count(), 1);
    assert.equal(await page.getAttribute('[data-orb=guest]', 'aria-label'), 'Grace: Speaking');
    assert.ok(Number(await page.$eval('[data-orb=guest]', (orb) => orb.style.getPropertyValue('--level'))) > 0.3);
    assert.equal(await page.locator('main > section:visible').count(), 1);
    await shot(page, 'live-dark');
    assert.deepEqual(await findings(page), []);
    await page.emulateMedia({ colorScheme: 'light' });
    await shot(page, 'live-light');
    assert.deepEqual(await findings(page), []);
    await page.setViewportSize({ width: 360, height: 740 });
    await shot(page, 'live-360');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    // What 200 % zoom leaves of a 1280 by 800 window.
    await page.setViewportSize({ width: 640, height: 400 });
    await shot(page, 'live-zoom-200', { fullPage: true });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 640);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'dark' });
  });

  await t.test('keys mute, interrupt and switch the autopilot, and help opens', async () => {
    await page.keyboard.press('m');
    assert.equal((await client.text('client.mute')).muted, true);
    await client.until(({ frames }) => frames.at(-1).muted, 'a muted frame');
    assert.equal(await page.textContent('#mute [data-label]'), 'Unmute');
    const muted = client.frames.filter((frame) => frame.muted);
    assert.ok(muted.every((frame) => frame.isSilent));
    await page.keyboard.press('m');
    await client.until(({ frames }) => !frames.at(-1).muted, 'an open frame');
    client.frames.slice(1).forEach((frame, i) => assert.equal(frame.first, client.frames[i].first + 960));
    await page.keyboard.press('a');
    assert.equal((await client.text('client.toggle-autopilot')).enabled, true);
    await page.keyboard.press('?');
    await page.waitForSelector('#help-dialog[open]');
    await shot(page, 'help');
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press('Escape');
    await page.waitForSelector('#help-dialog', { state: 'hidden' });
    assert.equal(client.texts.some((text) => text.type === 'client.interrupt'), false);
    await page.keyboard.press('Escape');
    await client.text('client.interrupt');
  });

  await t.test('the end is asked twice and brings the files', async () => {
    await page.click('#end');
    await page.click('#end-confirm');
    await client.text('client.end');
    await page.waitForSelector('body[data-screen="finishing"]');
    await shot(page, 'finishing');
    assert.equal(await page.locator('main > section:visible').count(), 1);
    client.send('recording.ready', { episodeId: 'first-night', files: FILES });
    client.socket.close(1000);
    await page.waitForSelector('body[data-screen="ended"]');
    await page.waitForSelector('#take[data-drawn]');
    assert.deepEqual(await page.$$eval('.file a[href]', (links) => links.map(({ textContent }) => textContent)), ['you.webm', 'you.wav', 'claude.webm',
      'claude.wav', 'guest.webm', 'guest.wav', 'mix.wav', 'episode.vtt', 'events.jsonl', 'session.yml']);
    assert.match(await page.textContent('.file'), /you\.webm.*1\.2 MB.*you\.wav.*1\.5 MB, made when you download it/s);
    assert.match(await page.textContent('[data-take=sums]'), /^9f86d0\w+  you\.webm$/m);
    assert.equal(await page.isVisible('#failure'), false);
    await shot(page, 'ended-dark');
    assert.deepEqual(await findings(page), []);
    await page.setViewportSize({ width: 360, height: 740 });
    await shot(page, 'ended-360', { fullPage: true });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  });

  assert.deepEqual(complaints, []);
  await page.close();
});

test('past recordings are found by what was said, opened, and deleted only when asked twice', async () => {
  const { page, complaints } = await open(contexts[0].context);
  await page.click('a[data-nav=shelf]');
  await page.waitForSelector('.shelf-item');
  assert.equal(await page.locator('.shelf-item').count(), 2);
  await page.fill('#search', 'bed that moves');
  await page.waitForSelector('.shelf-match');
  await everyLook(page, 'shelf');
  assert.match(await page.textContent('.shelf-facts'), /first-night/, 'takes of one title are told apart');
  await page.click('.shelf-match');
  await page.waitForFunction(() => Number(document.querySelector('[data-take=seek]').value) === 4200);
  assert.match(await page.evaluate(() => document.activeElement.textContent), /a bed that moves/, 'what was found is where the focus is');
  assert.equal(await page.locator('.cue[aria-current]').count(), 1);
  await page.goBack();
  await page.waitForSelector('.shelf-item:visible');
  await page.click('.shelf-item a');
  await page.waitForSelector('#take[data-drawn]');
  await page.hover('.track[data-speaker=claude] track-wave', { position: { x: 1, y: 5 } });
  assert.equal(await page.getAttribute('.track[data-speaker=claude] track-wave', 'title') ?? '', '');
  const { width } = await page.locator('.track[data-speaker=claude] track-wave').boundingBox();
  await page.hover('.track[data-speaker=claude] track-wave', { position: { x: (width * 5.2) / 16, y: 5 } });
  assert.match(await page.getAttribute('.track[data-speaker=claude] track-wave', 'title'), /Because a bed/);
  assert.equal(await page.locator('.track').count(), 3);
  assert.equal(await page.locator('.cue').count(), 5);
  await everyLook(page, 'take');
  await page.click('[data-take=play]');
  await page.waitForFunction(() => Number(document.querySelector('[data-take=seek]').value) > 300);
  await page.click('.track[data-speaker=claude] .toggle >> text=Solo');
  assert.equal(await page.getAttribute('.track[data-speaker=claude] .toggle', 'aria-pressed'), 'true');
  await page.click('.cue >> nth=3');
  await page.waitForFunction(() => Number(document.querySelector('[data-take=seek]').value) >= 8900);
  await page.click('[data-take=play]');
  await page.click('#delete');
  await page.waitForSelector('#delete-dialog[open]');
  await shot(page, 'delete');
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('Escape');
  await page.goBack();
  await page.waitForSelector('#shelf:visible');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the microphone can be tried before anything is recorded', async () => {
  const { page, complaints } = await open(contexts[0].context);
  await page.click('[data-lobby=open]');
  await page.waitForSelector('[data-lobby=bench]:visible');
  assert.ok(await page.locator('#input option').count() >= 2);
  await page.selectOption('#input', { index: 1 });
  await page.waitForSelector('[data-lobby=bench]:visible');
  await everyLook(page, 'lobby');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a whole session is held with the keyboard alone', async () => {
  const { page, complaints } = await open(contexts[0].context);
  /** Tab until the focus is there; every stop on the way must be seen. */
  const tabTo = async (selector) => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      const [isThere, isSeen] = await page.evaluate((wanted) => {
        const at = document.activeElement;
        const style = at === document.body ? null : getComputedStyle(at.matches('.choice input') ? at.nextElementSibling : at);
        return [at.matches(wanted), style === null || style.outlineStyle !== 'none'];
      }, selector);
      assert.ok(isSeen, `the focus is seen before ${selector}`);
      if (isThere) return;
    }
    assert.fail(`no way to ${selector}`);
  };
  await tabTo('#name');
  await page.keyboard.type('Mona');
  await tabTo('button[type=submit]');
  await page.keyboard.press('Enter');
  const client = await server.client();
  await client.text('hello');
  client.ready();
  await page.waitForSelector('body[data-screen="live"]');
  client.send('floor.grant', { turn: 1, speaker: 'claude', reason: 'addressed' });
  await page.waitForFunction(() => /called Ada by name/.test(document.querySelector('[data-panel=why]').textContent));
  await page.keyboard.press('2');
  assert.equal((await client.text('client.nominate')).speaker, 'guest');
  assert.equal(await page.getAttribute('#nominate-guest', 'aria-pressed'), 'true');
  await page.keyboard.press('k');
  await client.text('client.marker');
  await page.keyboard.down('Space');
  assert.equal((await client.text('client.push-to-talk')).held, true);
  await page.keyboard.up('Space');
  await client.text('client.push-to-talk', ({ held }) => !held);
  await page.keyboard.press('c');
  assert.equal(await page.isVisible('#captions'), false);
  await page.keyboard.press('c');
  await tabTo('#larger');
  await page.keyboard.press('Enter');
  assert.equal(await page.$eval('body', (body) => body.style.getPropertyValue('--caption-size')), '1.25');
  await everyLook(page, 'live-insight');
  await tabTo('#end');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#end-dialog[open]');
  await tabTo('#end-confirm');
  await page.keyboard.press('Enter');
  await client.text('client.end');
  client.send('recording.ready', { episodeId: 'first-night', files: FILES });
  client.socket.close(1000);
  await page.waitForSelector('#take[data-drawn]');
  await tabTo('[data-take=play]');
  await tabTo('.file a');
  await tabTo('#again');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a page that is loaded again goes back into its session', async () => {
  const { page, complaints } = await open(contexts[0].context);
  const { client } = await enter(page);
  await client.until(({ frames }) => frames.length >= 5, 'frames');
  page.on('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await page.click('#return');
  const again = await server.client();
  assert.equal((await again.text('hello')).resumeToken, 'token-1');
  again.ready();
  await again.until(({ frames }) => frames.length >= 5, 'frames again');
  await page.waitForSelector('body[data-screen="live"]');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a lost socket is said in words and the session goes on from where it was', async () => {
  const { page, complaints } = await open(contexts[0].context);
  const { client } = await enter(page);
  await client.until(({ frames }) => frames.length >= 5, 'frames');
  client.socket.terminate();
  await page.waitForSelector('#failure:visible');
  assert.match(await page.textContent('#failure'), /connection to the studio was lost/);
  assert.match(await page.$eval('#failure-advice', (advice) => advice.dataset.countdown), /Connecting again in \d+ s/);
  await shot(page, 'lost');
  // Nobody presses anything: the page comes back by itself.
  const again = await server.client();
  const hello = await again.text('hello');
  assert.equal(hello.resumeToken, 'token-1');
  assert.equal(hello.lastSeq, 2);
  again.ready();
  await again.until(({ frames }) => frames.length >= 5, 'frames again');
  assert.ok(again.frames[0].sequence > client.frames.at(-1).sequence);
  assert.ok(again.frames[0].first > client.frames.at(-1).first);
  await page.waitForSelector('#failure', { state: 'hidden' });
  assert.deepEqual(complaints, []);
  await page.close();
});

test('without motion the orbs stand still until something changes', async () => {
  const { page } = await open(contexts[0].context);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const { client } = await enter(page);
  client.send('orb.state', { speaker: 'claude', state: 'thinking' });
  await page.waitForSelector('[data-orb=claude][data-state=thinking]');
  const picture = () => page.$eval('[data-orb=claude] canvas', (canvas) => canvas.toDataURL());
  await played(page, RATE * 0.1);
  const before = await picture();
  await played(page, RATE * 0.2);
  assert.equal(await picture(), before);
  client.send('orb.state', { speaker: 'claude', state: 'speaking' });
  await page.waitForSelector('[data-orb=claude][data-state=speaking]');
  await played(page, RATE * 0.1);
  assert.notEqual(await picture(), before);
  await page.close();
});

test('every state of every orb is painted on the contact sheet', async () => {
  const page = await contexts[0].context.newPage();
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${server.url}__sheet.html`);
    await page.waitForSelector('body[data-painted]');
    await page.locator('canvas').screenshot({ path: join(SHOTS, `orbs-${colorScheme}.png`) });
    const blanks = await page.$eval('canvas', (canvas) => {
      const ctx = canvas.getContext('2d');
      let blank = 0;
      for (let y = 0; y < canvas.height; y += 130) {
        for (let x = 0; x < canvas.width; x += 130) blank += ctx.getImageData(x + 65, y + 45, 1, 1).data[3] === 0 ? 1 : 0;
      }
      return blank;
    });
    assert.equal(blanks, 0);
  }
  await page.close();
});

test('a denied microphone is said in words and can be tried again', async () => {
  const context = await launch({ isAllowed: false });
  const { page, complaints } = await open(context);
  await page.click('button[type=submit]');
  await page.waitForSelector('#failure:visible');
  assert.match(await page.textContent('#failure'), /microphone is not allowed/);
  await shot(page, 'denied');
  assert.deepEqual(await findings(page), []);
  await context.grantPermissions(['microphone']);
  const { client } = await enter(page);
  await client.until(({ frames }) => frames.length >= 5, 'frames');
  assert.equal(await page.isVisible('#failure'), false);
  assert.deepEqual(complaints, []);
});
