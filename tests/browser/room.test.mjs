// What a host finds in a small window or without a voice: the newest words over the controls, Insight below the talk, a line
// that is typed, a strike that strikes once, and recordings that are not there.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { enter, everyLook, findings, launch, open, server, shot } from './scripted.mjs';

let context;
before(async () => { context = await launch(); });

/** Telephones, and what 200 % and 400 % zoom leave of a window. */
const SMALL = [[375, 667], [360, 640], [320, 568], [640, 400]];

/** Whether all of an element is inside the window, and the element on top there. */
const isSeen = (page, selector) => page.$eval(selector, (element) => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const isInside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
  return isInside && [[(left + right) / 2, top + 2], [(left + right) / 2, bottom - 2]].every(([x, y]) => {
    const found = document.elementFromPoint(x, y);
    return found !== null && (element.contains(found) || found.contains(element));
  });
});

/** The session as a snapshot has it, with these names. */
const snapshot = (names) => ({
  orbStates: { you: 'listening', claude: 'idle', guest: 'idle' }, captions: [], autopilot: false, segment: null, strikes: [],
  session: { sessionId: 's1', episodeId: 'first-night', title: 'Why night trains came back', names, adapters: ['', '', ''], nowMs: 0, muted: false, recording: true },
});

test('on the smallest telephones the newest words are over the controls, and a long name leaves them room', async () => {
  const { page, complaints } = await open(context);
  const { client } = await enter(page);
  const long = 'Bartholomew Featherstonehaugh-Cholmondeley III';
  client.send('state.snapshot', snapshot([long, 'Ada', 'Professor Grace Brewster Murray Hopper']));
  for (let id = 1; id <= 12; id++) client.caption(id, id % 2 ? 'claude' : 'guest', { text: `This is the line with the number ${id}.`, start: id * 4000, isFinal: true });
  client.caption(13, 'you', { text: 'And these are the newest words of all', start: 62_000 });
  await page.waitForSelector('#captions-interim .caption');
  await page.waitForSelector('#link:visible', { timeout: 12_000 });
  assert.equal(await page.getAttribute('[data-orb=you]', 'aria-label'), `${long}: Listening`, 'screen readers have all of the name');
  await page.keyboard.press('h');
  for (const [width, height] of SMALL) {
    await page.setViewportSize({ width, height });
    await page.waitForFunction(() => { const { scrollHeight, scrollTop, clientHeight } = document.querySelector('#captions'); return scrollHeight - scrollTop - clientHeight < 2; });
    for (const part of ['#captions-interim .caption', '#mute', '#type', '#end', '#help', '#nominate-guest', '#microphone']) {
      assert.equal(await isSeen(page, part), true, `${part} at ${width} by ${height}`);
    }
    assert.deepEqual(await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]), [width, height], 'nothing is to be scrolled to');
    const lines = await page.$eval('[data-orb=you] [data-name]', (name) => name.clientHeight / parseFloat(getComputedStyle(name).lineHeight));
    assert.ok(lines < 2.2, `${lines} lines of name at ${width}`);
    await shot(page, `live-small-${width}`);
  }
  // 400 % zoom: the page scrolls, and the controls lie over nothing.
  await page.setViewportSize({ width: 320, height: 256 });
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  assert.equal(await isSeen(page, '#end'), true);
  await page.locator('#captions-interim .caption').scrollIntoViewIfNeeded();
  assert.equal(await isSeen(page, '#captions-interim .caption'), true);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('Insight comes into view where it opens below the talk, and gives the focus back', async () => {
  const { page, complaints } = await open(context);
  await enter(page);
  await page.keyboard.press('h');
  for (const [width, height] of [[360, 740], [640, 400]]) {
    await page.setViewportSize({ width, height });
    await page.evaluate(() => scrollTo(0, 0));
    await page.click('#panel-toggle');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'panel');
    assert.equal(await isSeen(page, '#panel h2'), true, `at ${width}`);
    await page.keyboard.press('h');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'panel-toggle');
  }
  // Beside the talk it takes nobody's focus.
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.click('#panel-toggle');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'panel-toggle');
  assert.equal(await isSeen(page, '#panel h2'), true);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a line is typed with T, sent with Enter, and Escape goes back to the show', async () => {
  const { page, complaints } = await open(context);
  const { client } = await enter(page);
  assert.equal(await page.isVisible('#say'), false);
  await page.keyboard.press('t');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'say-text');
  assert.equal(await page.getAttribute('#type', 'aria-expanded'), 'true');
  await page.keyboard.type('Ada, m is no key here');
  await page.keyboard.press('Enter');
  assert.equal((await client.text('client.say')).text, 'Ada, m is no key here');
  assert.equal(await page.inputValue('#say-text'), '');
  await page.keyboard.press('Enter');
  await everyLook(page, 'live-type');
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#say'), false);
  await page.keyboard.press('m');
  await client.text('client.mute');
  assert.deepEqual(client.texts.filter(({ type }) => ['client.say', 'client.interrupt'].includes(type)).length, 1, 'an empty line is none');
  await page.click('#type');
  await page.fill('#say-text', 'What is not sent');
  client.socket.terminate();
  await page.waitForSelector('#failure:visible');
  await page.focus('#say-text');
  await page.keyboard.press('Enter');
  assert.equal(await page.inputValue('#say-text'), 'What is not sent', 'nothing typed is lost with the connection');
  const again = await server.client();
  again.ready();
  await page.waitForSelector('#mute:enabled');
  await page.focus('#say-text');
  await page.keyboard.press('Enter');
  assert.equal((await again.text('client.say')).text, 'What is not sent');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('without a recogniser the host is warned before they enter, and finds where to type', async () => {
  const page = await context.newPage();
  await page.route('**/health', (route) => route.fulfill({ json: { status: 'degraded', adapters: { available: [
    { kind: 'stt', name: 'moonshine', state: 'unavailable', reason: 'no model in models/moonshine' }] } } }));
  await page.goto(server.url);
  await page.waitForFunction(() => /Nobody would understand you.*moonshine.*no model.*type what you would say/.test(document.querySelector('#speech-check').textContent));
  assert.equal(await page.isEnabled('button[type=submit]'), true);
  await everyLook(page, 'start-no-recogniser');
  const { client } = await enter(page);
  // As the studio says it.
  client.send('orb.state', { speaker: 'you', state: 'failed' });
  await page.waitForSelector('#say:visible');
  await everyLook(page, 'live-no-recogniser');
  await page.click('#say-text');
  await page.keyboard.press('Escape');
  await page.click('#type');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'say-text');
  await page.fill('#say-text', 'Ada, what made them come back?');
  client.send('orb.state', { speaker: 'you', state: 'listening' });
  await page.waitForSelector('[data-orb=you][data-state=listening]');
  assert.equal(await page.isVisible('#say'), true, 'whoever writes is not interrupted');
  await page.keyboard.press('Enter');
  assert.equal((await client.text('client.say')).text, 'Ada, what made them come back?');
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#say'), false);
  client.send('orb.state', { speaker: 'you', state: 'failed' });
  await page.waitForSelector('#say:visible');
  client.send('orb.state', { speaker: 'you', state: 'listening' });
  await page.waitForSelector('#say', { state: 'hidden' });
  await page.close();
});

test('S strikes once; the turn before goes only when the host says so', async () => {
  const { page, complaints } = await open(context);
  await page.clock.install();
  const { client } = await enter(page);
  const strikes = () => client.texts.filter(({ type }) => type === 'client.strike').length;
  client.caption(1, 'claude', { text: 'A bed that moves.', start: 1000, end: 3000, isFinal: true });
  await page.waitForSelector('#captions-final .caption');
  await page.keyboard.press('s');
  await page.keyboard.press('s');
  client.send('strike', { from: 900, to: 3100, scope: 'last-turn', turns: [1] });
  await page.waitForSelector('#captions-final [data-struck]');
  await page.clock.runFor(3000);
  await page.keyboard.press('s');
  assert.match(await page.textContent('#notice'), /Strike the turn before, too\? Press once more/);
  await page.keyboard.press('m');
  await client.text('client.mute');
  assert.equal(strikes(), 1);
  await page.clock.runFor(1500);
  await page.keyboard.press('s');
  await client.until(() => strikes() === 2, 'the second strike');
  // Somebody has spoken since: that turn is meant.
  client.caption(2, 'guest', { text: 'The sleepers do.', start: 4000, end: 6000, isFinal: true });
  await page.waitForFunction(() => document.querySelectorAll('#captions-final .caption').length === 2);
  await page.clock.runFor(3000);
  await page.click('#strike');
  await client.until(() => strikes() === 3, 'the third strike');
  await page.keyboard.press('?');
  assert.match(await page.textContent('#help-keys'), /Strike the last turn from the show; you are asked before the turn before it goes, too/);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the list of keys opens at its beginning, and fingers alone are shown no keys', async () => {
  const { page, complaints } = await open(context);
  await enter(page);
  await page.setViewportSize({ width: 320, height: 568 });
  await page.click('#help');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'help-heading');
  assert.equal(await page.$eval('#help-dialog', ({ scrollTop }) => scrollTop), 0);
  assert.equal(await isSeen(page, '#help-heading'), true);
  assert.deepEqual(await findings(page, 'keys at 320'), []);
  await shot(page, 'help-320');
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#autopilot kbd'), false, 'nor is there room for them here');
  await page.setViewportSize({ width: 375, height: 667 });
  assert.equal(await page.isVisible('#autopilot kbd'), true);
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setTouchEmulationEnabled', { enabled: true });
  await session.send('Emulation.setEmitTouchEventsForMouse', { enabled: true, configuration: 'mobile' });
  await page.waitForFunction(() => matchMedia('(hover: none) and (pointer: coarse)').matches);
  for (const part of ['#autopilot kbd', '#nominate-claude kbd', '#panel-toggle kbd']) assert.equal(await page.isVisible(part), false, part);
  await shot(page, 'live-touch');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('who speaks while muted is told so, and nothing of it leaves the page', async () => {
  const { page, complaints } = await open(context);
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      const sound = new AudioContext();
      const [tone, gain, out] = [sound.createOscillator(), sound.createGain(), sound.createMediaStreamDestination()];
      gain.gain.value = 0;
      tone.connect(gain).connect(out);
      tone.start();
      window.__voice = gain.gain;
      return out.stream;
    };
  });
  const { client } = await enter(page);
  await page.keyboard.press('m');
  await client.until(({ frames }) => frames.at(-1)?.muted, 'a muted frame');
  await page.waitForTimeout(1000);
  assert.equal(await page.textContent('#notice'), '', 'a quiet room is no voice');
  await page.evaluate(() => { window.__voice.value = 0.3; });
  await page.waitForFunction(() => /You are muted/.test(document.querySelector('#notice').textContent));
  assert.ok(client.frames.filter(({ muted }) => muted).every(({ isSilent }) => isSilent));
  await page.keyboard.press('m');
  await page.waitForFunction(() => document.querySelector('#notice').textContent === '');
  await client.until(({ frames }) => frames.at(-1).peak > 0.1, 'the voice, once it is to be heard');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a recording that is not there says so, and one on air is not deleted', async () => {
  const { page, complaints } = await open(context);
  await page.goto(`${server.url}#/recordings/nope`);
  await page.waitForSelector('#take[data-state=missing]');
  assert.equal(await page.textContent('[data-take=title]'), 'There is no such recording.');
  assert.equal(await page.isVisible('#failure'), false);
  for (const part of ['#delete', '.said', '.files']) assert.equal(await page.isVisible(part), false, part);
  await everyLook(page, 'take-missing');
  await page.goto(`${server.url}#/recordings/now`);
  await page.waitForSelector('#take[data-state=on-air]');
  assert.match(await page.textContent('[data-take=absence]'), /being recorded now/);
  assert.doesNotMatch(await page.$eval('main', (main) => main.innerText), /no such recording|Nothing was said/);
  for (const part of ['#delete', '.said', '[data-take=player]']) assert.equal(await page.isVisible(part), false, part);
  await everyLook(page, 'take-on-air');
  await page.click('.to-shelf');
  await page.waitForSelector('.shelf-item');
  await page.click('.shelf-item a');
  await page.waitForSelector('#take[data-drawn]');
  assert.equal(await page.isVisible('#delete'), true);
  assert.equal(await page.isVisible('.to-shelf'), false);
  assert.deepEqual(complaints.filter((text) => !/status of 404/.test(text)), []);
  await page.close();
});

test('keys move through a recording by five seconds, and to its ends', async () => {
  const { page, complaints } = await open(context, { url: `${server.url}#/recordings/first-night`, isReady: false });
  await page.waitForSelector('#take[data-drawn]');
  await page.focus('[data-take=seek]');
  const places = [];
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'End', 'ArrowLeft', 'Home']) {
    await page.keyboard.press(key);
    places.push(Number(await page.inputValue('[data-take=seek]')));
  }
  assert.deepEqual(places, [5000, 10_000, 5000, 16_000, 11_000, 0]);
  assert.equal(await page.getAttribute('[data-take=seek]', 'aria-valuetext'), '0:00 of 0:16');
  assert.deepEqual(complaints, []);
  await page.close();
});
