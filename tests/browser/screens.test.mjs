// Every screen and state of the page that `page.test.mjs` does not pass through: the access question, finishing, all
// orb states, dialogs, second screens, what the director offers, forced colours; each judged by axe in both schemes,
// at 360 px and at 200 % zoom. Contrast is printed, of text and of what is no text.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { enter, everyLook, FILES, findings, launch, open, ROOT, server, shot } from './scripted.mjs';
import { startServer } from './server.mjs';

let context;
before(async () => { context = await launch(); });

/** WCAG 2.2, 1.4.11: what must be told apart and is no text. */
const GRAPHICS_MIN = 3;

test('a studio with a token asks for it, says when it is wrong, and opens when it is right', async (t) => {
  const refused = (response) => response.writeHead(401, { 'content-type': 'application/json' })
    .end(JSON.stringify({ code: 'access_denied', message: 'this studio asks for its access token', hint: 'sign in on the page' }));
  let isOpen = false;
  let hasBriefing = false;
  const rain = { name: 'rain', title: 'Rain', episode: 'rain', language: 'en', speakers: ['Mona', 'Ada', 'Grace'], roles: [], voices: [], segments: [] };
  const locked = await startServer(join(ROOT, 'web'), {
    '/ready': '{}',
    '/api/briefings': (_, response) => (isOpen ? response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ briefings: hasBriefing ? [rain] : [] })) : refused(response)),
    '/api/access': async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      isOpen = JSON.parse(body).token === 'sesame';
      if (isOpen) response.writeHead(204).end();
      else refused(response);
    },
  });
  t.after(() => locked.close());
  const { page, complaints } = await open(context, { url: locked.url, isReady: false });
  await page.waitForSelector('#access-dialog[open]');
  await everyLook(page, 'access');
  // Behind it nothing works, so it cannot be closed.
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press('Escape');
    await page.waitForSelector('#access-dialog[open]');
  }
  await page.fill('#token', 'open');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#access-problem').textContent === 'That is not the token.');
  await everyLook(page, 'access-wrong');
  await page.fill('#token', 'sesame');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /no briefing yet: make one/.test(document.querySelector('#briefing-about').textContent));
  assert.equal(await page.isVisible('#access-dialog'), false);
  // Nobody is let into a show that cannot begin; who comes back with a briefing is.
  assert.equal(await page.isDisabled('button[type=submit]'), true);
  assert.equal(await page.isDisabled('#briefing'), true);
  await everyLook(page, 'start-empty');
  hasBriefing = true;
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await page.waitForSelector('button[type=submit]:enabled');
  assert.equal(await page.inputValue('#briefing'), 'rain');
  // Chromium itself tells the console of every answer that is a refusal.
  assert.deepEqual(complaints.filter((text) => !/status of 401/.test(text)), []);
  await page.close();
});

test('every state of the live room is readable: long names, all orbs, failures, struck and cut words', async () => {
  const { page, complaints } = await open(context);
  const { client } = await enter(page);
  const names = ['Mona von der Leyenburg-Hohenstein', 'Ada', 'Professor Grace Brewster Murray Hopper'];
  client.send('state.snapshot', {
    orbStates: { you: 'muted', claude: 'failed', guest: 'connecting' }, captions: [], autopilot: true,
    session: { sessionId: 's1', episodeId: 'first-night', title: 'Why night trains came back, and what became of the dining car on the long line to the sea',
      names, adapters: ['moonshine', 'rehearsal', 'flite'], nowMs: 3_700_000, muted: true, recording: true },
    segment: { index: 1, title: 'Why they came back', goal: 'Who pays, who sleeps, who profits.', minutes: 6, since: 3_500_000 }, strikes: [{ from: 0, to: 5000 }],
  });
  client.caption(1, 'you', { text: 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung?', start: 1000, end: 4000, isFinal: true });
  client.caption(2, 'claude', { text: 'Because a bed that moves is worth', start: 5200, end: 9000, isFinal: true, cut: true });
  client.caption(3, 'guest', { text: 'The sleepers do,', pending: 'mostly.', start: 9000, end: 9900 });
  client.send('server.ack', { message: 'The recogniser is away; what you say is kept and heard late.' });
  await page.waitForSelector('#captions-final [data-struck]');
  assert.equal(await page.locator('#captions-final [data-struck]').count(), 1);
  assert.equal(await page.getAttribute('[data-orb=claude]', 'aria-label'), 'Ada: Not available');
  await everyLook(page, 'live-worst');
  for (const states of [['listening', 'thinking', 'idle'], ['speaking', 'paused', 'interrupted']]) {
    ['you', 'claude', 'guest'].forEach((speaker, i) => client.send('orb.state', { speaker, state: states[i] }));
    await page.waitForSelector(`[data-orb=guest][data-state=${states[2]}]`);
    assert.deepEqual(await findings(page, `live ${states.join(' ')}`), []);
  }
  await page.keyboard.press('c');
  await page.keyboard.press('c');
  for (let i = 0; i < 3; i++) await page.click('#larger');
  assert.equal(await page.isDisabled('#larger'), true);
  await everyLook(page, 'live-large-captions');
  client.send('error', { code: 'disk_low', message: 'the disk lasts for 15 minutes more', hint: 'make room on it' });
  await page.waitForSelector('#failure:visible');
  await everyLook(page, 'live-error');
  await page.click('#dismiss');
  await page.click('#end');
  await page.waitForSelector('#end-dialog[open]');
  await everyLook(page, 'end-dialog');
  await page.click('#end-confirm');
  await page.waitForSelector('body[data-screen="finishing"]');
  await everyLook(page, 'finishing');
  client.send('recording.ready', { episodeId: 'first-night', files: FILES });
  client.socket.close(1000);
  await page.waitForSelector('#take[data-drawn]');
  await page.click('#delete');
  await page.waitForSelector('#delete-dialog[open]');
  await everyLook(page, 'delete-dialog');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the producer’s controls: whisper, strike, the plan, and why and what next', async () => {
  const { page, complaints } = await open(context);
  const { client } = await enter(page);
  await page.keyboard.press('w');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'whisper-claude');
  await page.keyboard.type('wind up, m is no key here');
  await page.keyboard.press('Enter');
  const whisper = await client.text('client.whisper');
  assert.deepEqual([whisper.speaker, whisper.text], ['claude', 'wind up, m is no key here']);
  assert.equal(client.texts.some(({ type }) => type === 'client.mute'), false);
  client.send('whisper', { speaker: 'claude', text: whisper.text });
  await page.waitForFunction(() => /Ada: wind up/.test(document.querySelector('[data-panel=whispers]').textContent));
  await page.fill('#whisper-guest', 'ask about Vienna');
  await page.click('[data-whisper=guest] button');
  assert.equal((await client.text('client.whisper', ({ speaker }) => speaker === 'guest')).text, 'ask about Vienna');
  await page.focus('#whisper-guest');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement === document.body), true);

  client.caption(1, 'claude', { text: 'A bed that moves.', start: 1000, end: 3000, isFinal: true });
  await page.keyboard.press('s');
  assert.equal('seconds' in (await client.text('client.strike')), false);
  client.send('strike', { from: 900, to: 3100, scope: 'last-turn', turns: [1] });
  await page.waitForSelector('#captions-final [data-struck]');
  assert.match(await page.textContent('#notice'), /2 seconds/);

  assert.equal(client.texts.some(({ type }) => type === 'client.interrupt'), false, 'Escape left the field and interrupted nobody');

  await page.click('.part >> nth=1 >> button');
  assert.equal((await client.text('client.segment')).index, 1);
  client.send('segment', { index: 1, title: 'Why they came back', goal: 'Who pays.', minutes: 6, since: 0, reason: 'chosen' });
  await page.waitForSelector('.part[data-state=now] >> text=Why they came back');
  assert.equal(await page.locator('.part[data-state=done]').count(), 1);
  // The part that is on can be reached, and goes on when it is pressed.
  assert.equal(await page.getAttribute('.part[data-state=now] button', 'aria-current'), 'step');
  await page.click('.part[data-state=now] button');
  assert.equal(client.texts.filter(({ type }) => type === 'client.segment').length, 1);

  client.send('autopilot', { enabled: true });
  client.send('director', { turn: 4, speaker: 'guest', step: 'new-angle', reason: 'repetition', scores: { novelty: 120, overlap: 640, share: 510, monologueMs: 14_000, remainingMs: 61_000, turns: 4 } });
  client.send('floor.grant', { turn: 4, speaker: 'guest', reason: 'balance', scores: { claude: { talkMs: 31_000 }, guest: { talkMs: 12_400 }, aiTurns: 4, handOvers: 1 } });
  client.send('floor.deny', { speaker: 'claude', reason: 'hand_overs_max', scores: {} });
  client.send('orb.state', { speaker: 'guest', state: 'thinking' });
  await page.waitForFunction(() => /takes up another side/.test(document.querySelector('[data-panel=next]').textContent));
  const why = await page.textContent('[data-panel=why]');
  assert.match(why, /wait for you.*Grace had talked less than Ada.*Ada talked 31 s, Grace talked 12 s/s);
  await everyLook(page, 'live-producer');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('what was cut off and what was struck is marked in a recording, where the studio tells', async () => {
  const { page, complaints } = await open(context);
  await page.route('**/api/recordings/first-night', async (route) => {
    const take = await (await route.fetch()).json();
    take.captions[1].cut = true;
    await route.fulfill({ json: { ...take, cuts: [{ fromMs: 8900, toMs: 11_700 }] } });
  });
  await page.goto(`${server.url}#/recordings/first-night`);
  await page.waitForSelector('#take[data-drawn]');
  assert.match(await page.textContent('.cue >> nth=1'), /hour saved\. cut off/);
  assert.match(await page.textContent('.cue[data-struck]'), /who pays for it\? struck/);
  assert.equal(await page.locator('.cue[data-struck]').count(), 1);
  // The same in the pictures: the tip says so, and at the place of a cut something is drawn in its colour.
  const tipAt = async (speaker, ms) => {
    const wave = page.locator(`.track[data-speaker=${speaker}] track-wave`);
    const { width } = await wave.boundingBox();
    await wave.hover({ position: { x: (width * ms) / 16_000, y: 5 } });
    return wave.getAttribute('title');
  };
  assert.match(await tipAt('claude', 5200), /hour saved\. \(cut off\)$/);
  assert.match(await tipAt('you', 10_000), /who pays for it\? \(struck\)$/);
  assert.equal(await tipAt('you', 2000), 'Ada, why did the night trains come back?');
  const isMarked = (speaker, ms) => page.$eval(`.track[data-speaker=${speaker}] canvas`, (canvas, share) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'var(--rec)';
    const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
    probe.remove();
    const { data } = canvas.getContext('2d').getImageData(Math.round(canvas.width * share) - 6, 0, 12, canvas.height);
    for (let i = 0; i < data.length; i += 4) if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) return true;
    return false;
  }, ms / 16_000);
  assert.deepEqual(await page.$$eval('.legend li', (signs) => signs.map(({ dataset }) => dataset.sign)), ['words', 'cut', 'struck', 'marker']);
  assert.match(await page.getAttribute('.cue[data-struck] .cut', 'title'), /tracks keep it/);
  assert.deepEqual([await isMarked('claude', 6800), await isMarked('claude', 4200), await isMarked('you', 10_000), await isMarked('you', 2000)],
    [true, false, true, false]);
  await everyLook(page, 'take-cuts');
  assert.deepEqual(complaints, []);
  await page.close();
});

/** A studio whose second screens are told these messages. */
const watched = (messages) => startServer(join(ROOT, 'web'), {
  '/api/sessions': '{"sessions":[{"sessionId":"s1"}]}',
  '/live/current/events': (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    for (const message of messages) response.write(`data: ${JSON.stringify(message)}\n\n`);
  },
});

const SESSION = { sessionId: 's1', episodeId: 'e', title: 'Why night trains came back', language: 'en-GB', names: ['Mona', 'Ada', 'Grace'], adapters: ['', '', ''], nowMs: 0, muted: false, recording: true };
const line = (id, speaker, text, more) => ({ type: 'caption', id, speaker, turn: id, text, isFinal: true, start: id, end: id + 1, estimated: false, cut: false, words: [], ...more });

test('second screens show captions only, orbs only, and say when they wait', async (t) => {
  const studio = await watched([
    { type: 'state.snapshot', orbStates: { you: 'listening', claude: 'speaking', guest: 'idle' }, captions: [], autopilot: false, session: SESSION },
    line(1, 'you', 'Ada, why did the night trains come back?'), line(2, 'claude', 'Because a bed that moves is worth more', { isFinal: false, pending: 'than an hour saved.' }),
    { type: 'level', speaker: 'claude', level: 700 },
  ]);
  t.after(() => studio.close());
  for (const show of ['captions', 'orbs']) {
    const { page, complaints } = await open(context, { url: `${studio.url}screen.html?show=${show}`, isReady: false });
    await page.waitForSelector('body[data-on=true]');
    assert.equal(await page.isVisible('#captions'), show === 'captions');
    assert.equal(await page.isVisible('#stage'), show === 'orbs');
    if (show === 'captions') {
      await page.waitForSelector('.caption .pending');
      assert.deepEqual(await page.$$eval('.caption', (rows) => rows.map(({ lang }) => lang)), ['en-GB', 'en-GB'], 'the show’s language');
    }
    await everyLook(page, `screen-${show}`);
    assert.deepEqual(complaints, []);
    await page.close();
  }
  const { page, complaints } = await open(context, { url: `${server.url}screen.html`, isReady: false });
  let asked = 0;
  page.on('response', (response) => { asked += response.url().endsWith('/api/sessions') ? 1 : 0; });
  await page.waitForFunction(() => /Waiting for a session/.test(document.title));
  const isShown = () => page.$eval('#waiting', (text) => text.checkVisibility({ opacityProperty: true }));
  assert.equal(await isShown(), false, 'what may be on air shows nothing');
  await page.mouse.move(300, 300);
  await page.waitForSelector('body[data-watched]');
  assert.equal(await isShown(), true, 'who sits before it reads why');
  await everyLook(page, 'screen-waiting');
  while (asked < 2) await page.waitForResponse((response) => response.url().endsWith('/api/sessions'));
  assert.deepEqual(complaints, [], 'waiting is no error');
  await page.close();
});

test('a second screen without the token says what it needs', async (t) => {
  const locked = await startServer(join(ROOT, 'web'), {
    '/api/sessions': ({ headers }, response) => (headers.authorization === `Basic ${btoa('obs:sesame')}`
      ? response.writeHead(200, { 'content-type': 'application/json' }).end('{"sessions":[]}')
      : response.writeHead(401, { 'content-type': 'application/json' })
        .end(JSON.stringify({ code: 'access_denied', message: 'this studio asks for its access token', hint: '' }))),
  });
  t.after(() => locked.close());
  const { page } = await open(context, { url: `${locked.url}screen.html?show=captions`, isReady: false });
  await page.waitForFunction(() => /access token/.test(document.querySelector('#waiting').textContent));
  await page.mouse.move(200, 200);
  await everyLook(page, 'screen-locked');
  // Broadcasting software has it in the address.
  await page.goto(`${locked.url.replace('//', '//obs:sesame@')}screen.html?show=captions`);
  await page.waitForFunction(() => /Waiting for a session/.test(document.title));
  await page.close();
});

test('with forced colours everything is still told apart', async () => {
  const { page } = await open(context);
  // Still: no half-way colour is compared.
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
  await shot(page, 'forced-start', { fullPage: true });
  const colorOf = (selector) => page.$eval(selector, (element) => getComputedStyle(element).color);
  assert.equal(await colorOf('.choice input:checked + span small'), await colorOf('.choice input:checked + span b'), 'what the choice means is read');
  assert.equal(await page.$eval('.nav a[aria-current]', (link) => getComputedStyle(link).borderBottomWidth), '3px', 'where one is is seen');
  const { client } = await enter(page);
  client.send('orb.state', { speaker: 'claude', state: 'speaking' });
  client.caption(2, 'claude', { text: 'Because a bed that moves', pending: 'is worth an hour', isFinal: false });
  await page.waitForSelector('.pending');
  const look = (selector) => page.$eval(selector, (element) => { const { backgroundColor, color } = getComputedStyle(element); return `${backgroundColor} ${color}`; });
  const before = await look('#autopilot');
  await page.click('#autopilot');
  assert.notEqual(await look('#autopilot'), before, 'a pressed button is seen');
  const pressed = await look('#autopilot');
  for (const id of ['#captions-toggle', '#panel-toggle']) assert.equal(await look(id), pressed, `${id} is pressed too`);
  await page.click('#nominate-claude');
  assert.equal(await look('#nominate-claude'), pressed);
  assert.notEqual(await look('.heard'), await look('.pending'), 'what was heard is seen');
  const orbs = await page.$$eval('[data-orb] canvas', (canvases) => canvases.map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let i = 3; i < data.length; i += 4) painted += data[i] > 64 ? 1 : 0;
    return painted / (data.length / 4);
  }));
  assert.ok(orbs.every((share) => share > 0.1), `every orb is painted: ${orbs}`);
  if (await page.getAttribute('body', 'data-panel') !== 'open') await page.keyboard.press('h');
  assert.notEqual(await colorOf('.part-go[aria-current]'), await page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement('button'));
    probe.disabled = true;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }), 'the part that is on looks like no disabled one');
  await shot(page, 'forced-live');
  assert.deepEqual(await findings(page, 'forced live'), []);
  await page.close();
});

test('what is no text stands out from its ground, in both schemes', async (t) => {
  const page = await context.newPage();
  await page.goto(server.url);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    const ratios = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const probe = document.body.appendChild(document.createElement('i'));
      const luminance = (name) => {
        probe.style.color = style.getPropertyValue(name);
        const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map((value) => {
          const share = value / 255;
          return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].toSorted((m, n) => n - m); return (x + 0.05) / (y + 0.05); };
      const pairs = [['--you', '--ground'], ['--claude', '--ground'], ['--guest', '--ground'], ['--focus', '--ground'], ['--focus', '--surface'],
        ['--rec', '--surface'], ['--ink', '--you'], ['--ink', '--claude'], ['--ink', '--guest'], ['--text', '--raised']];
      const found = pairs.map(([front, back]) => [`${front.slice(2)} on ${back.slice(2)}`, Math.round(ratio(front, back) * 100) / 100]);
      probe.remove();
      return found;
    });
    t.diagnostic(`${colorScheme}: ${ratios.map(([name, ratio]) => `${name} ${ratio}:1`).join(', ')}`);
    for (const [name, ratio] of ratios) assert.ok(ratio >= GRAPHICS_MIN, `${colorScheme}: ${name} ${ratio}`);
  }
  await page.close();
});

test('a browser that lacks something is told before it asks for the microphone', async () => {
  const page = await context.newPage();
  await page.addInitScript(() => { delete window.AudioWorkletNode; });
  await page.goto(server.url);
  await page.waitForFunction(() => /no audio worklets/.test(document.querySelector('#browser-check').textContent));
  assert.equal(await page.isDisabled('button[type=submit]'), true);
  await everyLook(page, 'start-unsupported');
  await page.close();
});

