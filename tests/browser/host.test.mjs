// What a host meets when something is not as usual: a refused microphone, a small window, a key after a click, a lost
// connection, a reload, a show in another language, a screen reader that must keep still.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { enter, FILES, findings, launch, open, server, shot } from './scripted.mjs';

let context;
before(async () => { context = await launch(); });

/** Whether all of an element is inside the window, and the element on top there. */
const isSeen = (page, selector) => page.$eval(selector, (element) => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const isInside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
  return isInside && [[(left + right) / 2, top + 2], [(left + right) / 2, bottom - 2]].every(([x, y]) => {
    const found = document.elementFromPoint(x, y);
    return found !== null && (element.contains(found) || found.contains(element));
  });
});

const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.dataset.lobby || document.activeElement.type);

/** Many captions, so that the newest is not in view by chance. */
async function talkOn(page, client) {
  for (let id = 1; id <= 12; id++) client.caption(id, id % 2 ? 'claude' : 'guest', { text: `This is the line with the number ${id}.`, start: id * 4000, isFinal: true });
  client.caption(13, 'claude', { text: 'And these are the newest', pending: 'words of all.', start: 62_000 });
  await page.waitForSelector('#captions-interim .pending');
}

test('a refused microphone is seen, has the focus, and gives it back', async () => {
  const strict = await launch({ isAllowed: false });
  const { page } = await open(strict);
  for (const [button, name] of [['button[type=submit]', 'submit'], ['[data-lobby=open]', 'open']]) {
    await page.locator(button).scrollIntoViewIfNeeded();
    await page.click(button);
    await page.waitForFunction(() => document.activeElement.id === 'failure-title');
    assert.match(await page.textContent('#failure'), /microphone is not allowed/);
    assert.equal(await isSeen(page, '#failure'), true, name);
    await page.click('#dismiss');
    assert.equal(await focused(page), name);
  }
  await page.close();
});

test('Enter in a field records nobody, and all that matters is in view before the first click', async () => {
  const { page, complaints } = await open(context);
  for (const selector of ['#name', '#briefing', '#consent', 'button[type=submit]', '[data-lobby=open]']) assert.equal(await isSeen(page, selector), true, selector);
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => { window.__asked = true; return Promise.reject(new DOMException('no', 'NotAllowedError')); };
  });
  await page.focus('#name');
  await page.keyboard.type('Mona');
  await page.keyboard.press('Enter');
  await page.focus('input[name=headphones]');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => window.__asked ?? false), false);
  assert.equal(await page.getAttribute('body', 'data-screen'), 'start');
  // What is said of the recording stands before both buttons that open the microphone, and is as large as any text.
  assert.equal(await page.evaluate(() => [...document.querySelectorAll('button[type=submit], [data-lobby=open]')]
    .every((button) => document.querySelector('#consent').compareDocumentPosition(button) & Node.DOCUMENT_POSITION_FOLLOWING)), true);
  assert.equal(await page.$eval('#consent', (text) => getComputedStyle(text).fontSize), '16px');
  await page.click('#briefing-plan-box summary');
  assert.match(await page.textContent('#briefing-plan'), /Why they went, 2 min.*How the beds left the rails/);
  assert.match(await page.textContent('#cast'), /a woman’s voice/);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('at 200 % zoom and on a telephone the newest words, the controls and their keys are in view', async () => {
  const { page, complaints } = await open(context);
  const { client } = await enter(page);
  await talkOn(page, client);
  for (const panel of ['open', 'closed']) {
    assert.equal(await page.getAttribute('body', 'data-panel'), panel);
    for (const [width, height] of [[640, 400], [360, 740], [1280, 800]]) {
      await page.setViewportSize({ width, height });
      await page.evaluate(() => scrollTo(0, 0));
      await page.waitForFunction(() => { const { scrollHeight, scrollTop, clientHeight } = document.querySelector('#captions'); return scrollHeight - scrollTop - clientHeight < 2; });
      for (const part of ['#captions-interim .caption', '#mute', '#end', '#help', '#mute kbd', '#talk kbd', '#nominate-claude kbd']) {
        assert.equal(await isSeen(page, part), true, `${part} at ${width}, panel ${panel}`);
      }
    }
    await page.keyboard.press('h');
  }
  assert.equal(await page.textContent('#captions-interim .caption-time'), '1:02');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('Space talks after a click, and presses a button that was reached by Tab', async () => {
  const { page } = await open(context);
  const { client } = await enter(page);
  const holds = () => client.texts.filter(({ type }) => type === 'client.push-to-talk').map(({ held }) => held);
  await page.click('#mute');
  await page.keyboard.press('Space');
  await client.until(() => holds().length === 2, 'talk and its end');
  assert.deepEqual(holds(), [true, false]);
  assert.equal(client.texts.filter(({ type }) => type === 'client.mute').length, 1, 'pressed once, by the click');
  // A dialog gives the focus back to the button that opened it.
  await page.click('#help');
  await page.click('#help-dialog button');
  await page.keyboard.press('Space');
  await client.until(() => holds().length === 4, 'talk again');
  assert.equal(await page.isVisible('#help-dialog'), false);
  await page.focus('#autopilot');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Space');
  assert.equal((await client.text('client.toggle-autopilot')).enabled, true);
  assert.equal(holds().length, 4);
  await page.keyboard.press('?');
  assert.match(await page.textContent('#help-keys'), /Give Ada the next word.*Give Grace the next word/);
  await page.close();
});

test('a lost connection leaves nothing that is not so any more, and covers nothing', async () => {
  const { page } = await open(context);
  const { client } = await enter(page);
  await talkOn(page, client);
  client.send('orb.state', { speaker: 'claude', state: 'speaking' });
  await page.waitForSelector('[data-orb=claude][data-state=speaking]');
  await page.waitForSelector('#link:visible', { timeout: 12_000 });
  assert.match(await page.textContent('#link-word'), /^Good link, \d+ ms$/, 'whole milliseconds');
  // Nothing is tried again while this is looked at.
  await page.evaluate(() => { const later = window.setTimeout; window.setTimeout = (does, ms) => (ms === 1000 ? 0 : later(does, ms)); });
  client.socket.terminate();
  await page.waitForFunction(() => document.activeElement.id === 'failure-title');
  assert.equal(await page.isVisible('#link'), false);
  assert.equal(await page.getAttribute('[data-orb=claude]', 'aria-label'), 'Ada: Not connected');
  for (const [width, height] of [[1280, 800], [360, 740], [640, 400]]) {
    await page.setViewportSize({ width, height });
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForFunction(() => { const { scrollHeight, scrollTop, clientHeight } = document.querySelector('#captions'); return scrollHeight - scrollTop - clientHeight < 2; });
    for (const part of ['#reconnect', '[data-orb=claude] [data-word]', '#captions-interim .caption']) {
      assert.equal(await isSeen(page, part), true, `${part} at ${width}`);
    }
  }
  await page.click('#reconnect');
  (await server.client()).ready();
  await page.waitForSelector('#mute:enabled');
  assert.equal(await page.getAttribute('[data-orb=claude]', 'aria-label'), 'Ada: Ready');
  await page.close();
});

test('after a reload the way back stands first, and names, plan and language are those of before', async () => {
  const { page } = await open(context);
  await page.fill('#name', 'Mona');
  await page.check('input[name=headphones][value=yes]', { force: true });
  await page.selectOption('#briefing', 'night-trains');
  const { client } = await enter(page);
  client.caption(1, 'claude', { text: 'Guten Abend.', isFinal: true });
  await page.waitForSelector('#captions-final .caption');
  assert.equal(await page.getAttribute('#captions-final .caption', 'lang'), 'en');
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  assert.equal(await isSeen(page, '#return'), true);
  assert.equal(await page.inputValue('#name'), 'Mona', 'the name is not asked again');
  assert.equal(await page.isChecked('input[name=headphones][value=yes]'), true);
  await page.click('#return');
  const again = await server.client();
  assert.equal((await again.text('hello')).resumeToken, 'token-1');
  // As the studio does it: what was said comes before the names.
  again.caption(1, 'claude', { text: 'Guten Abend.', isFinal: true });
  again.caption(2, 'guest', { text: 'Und guten', pending: 'Morgen.' });
  again.ready();
  await page.waitForSelector('body[data-screen="live"]');
  await page.waitForSelector('.part');
  assert.equal(await page.textContent('#captions-final .caption b'), 'Ada');
  assert.equal(await page.textContent('#captions-interim .caption b'), 'Grace');
  assert.equal(await page.getAttribute('#captions-final .caption', 'lang'), 'de', 'as the briefing says now');
  assert.deepEqual(await page.$$eval('.part-go', (parts) => parts.map(({ textContent }) => textContent)), ['Why they went', 'Why they came back', 'What comes next']);
  await page.close();
});

test('a notice goes by itself, an error stays, and the next session knows the host', async () => {
  const { page } = await open(context);
  await page.clock.install();
  const { client } = await enter(page);
  await page.keyboard.press('k');
  await client.text('client.marker');
  assert.match(await page.textContent('#notice'), /Marked/);
  await page.clock.runFor(8000);
  assert.match(await page.textContent('#notice'), /Marked/, 'at least eight seconds');
  await page.clock.runFor(8000);
  assert.equal(await page.textContent('#notice'), '');
  client.send('server.ack', { message: 'stt error: the recogniser stopped' });
  await page.waitForFunction(() => /stt error/.test(document.querySelector('#notice').textContent));
  await page.clock.runFor(60_000);
  assert.match(await page.textContent('#notice'), /stt error/);
  client.send('turn.metrics', { turn: 1, speaker: 'claude', firstHeardMs: 9000 });
  client.send('floor.grant', { turn: 2, speaker: 'claude', reason: 'addressed', scores: { aiTurns: 0 } });
  client.send('turn.metrics', { turn: 2, speaker: 'claude', endOfTurnMs: 480, firstTextMs: 520, firstHeardMs: 690 });
  await page.waitForFunction(() => /690 ms, slowest 690 ms/.test(document.querySelector('[data-panel=figures]').textContent));
  client.send('recording.ready', { episodeId: 'first-night', files: FILES });
  client.socket.close(1000);
  await page.waitForSelector('body[data-screen="ended"]');
  await page.click('#again');
  await page.waitForFunction(() => document.querySelectorAll('#briefing option').length === 2);
  assert.equal(await page.inputValue('#name'), 'Mona');
  await page.close();
});

test('turns are read aloud to screen readers until that is switched off, and the switch is remembered', async () => {
  const { page, complaints } = await open(context);
  const { client } = await enter(page);
  /** What the browser tells a screen reader: whether the first caption is there, and how live its place is. */
  const told = async () => {
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    await session.detach();
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const words = nodes.find(({ ignored, name }) => !ignored && name?.value === 'moves.');
    for (let node = words; node; node = byId.get(node.parentId)) {
      const live = node.properties?.find(({ name }) => name === 'live')?.value.value;
      if (live) return live;
    }
    return words ? 'there' : 'not there';
  };
  client.caption(1, 'claude', { text: 'A bed that moves.', isFinal: true });
  await page.waitForSelector('#captions-final .caption');
  assert.equal(await told(), 'polite');
  await page.keyboard.press('c');
  assert.equal(await page.isVisible('#captions'), false);
  assert.equal(await told(), 'polite', 'captions that are not seen are read all the same');
  assert.deepEqual(await findings(page, 'live, captions hidden'), []);
  await page.keyboard.press('c');
  await page.click('#announce');
  assert.equal(await page.getAttribute('#announce', 'aria-pressed'), 'false');
  assert.equal(await told(), 'there');
  assert.deepEqual(await page.$eval('#captions-final', (log) => log.getAttributeNames()), ['id'], 'nothing of a live region is left');
  client.caption(2, 'guest', { text: 'And one that stands still.', isFinal: true });
  await page.waitForFunction(() => document.querySelectorAll('#captions-final .caption').length === 2);
  assert.equal(await page.isVisible('#captions-final .caption >> nth=1'), true, 'captions are seen all the same');
  assert.deepEqual(await findings(page, 'live, not read aloud'), []);
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  assert.equal(await page.getAttribute('#announce', 'aria-pressed'), 'false');
  assert.equal(await page.getAttribute('#captions-final', 'aria-live'), null);
  await page.evaluate(() => document.querySelector('#announce').click());
  assert.equal(await page.getAttribute('#captions-final', 'role'), 'log');
  assert.equal(await page.evaluate(() => localStorage.getItem('studio.announce')), 'on');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the connection’s figures are one press away, with late blocks and underruns as they happen', async () => {
  const { page, complaints } = await open(context);
  const { client } = await enter(page);
  await page.keyboard.press('h');
  assert.equal(await page.isVisible('#link-figures'), false);
  await page.waitForSelector('#link:visible', { timeout: 12_000 });
  await page.click('#link');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'connection');
  assert.equal(await isSeen(page, '#link-figures'), true);
  const figures = () => page.$$eval('#link-figures dt', (terms) => Object.fromEntries(terms.map((term) => [term.textContent, term.nextElementSibling.textContent])));
  const { 'Round trip': trip, ...counts } = await figures();
  assert.match(trip, /^\d+ ms$/);
  assert.deepEqual(counts, { 'Late blocks': '0 of 0', 'Underruns': '0 times', 'Not sent': '0 frames' });
  // Half a second of voice, and the next block only when the page has reported the last sample as heard: it is late.
  const voice = new Int16Array(24_960).fill(2000);
  client.send('orb.state', { speaker: 'claude', state: 'speaking' });
  client.speak('claude', 1, voice.subarray(0, 24_000));
  await client.until((c) => c.positions(1).some(({ playedSamples }) => playedSamples === 24_000), 'the end of what was sent');
  const shows = (blocks) => page.waitForFunction((all) => document.querySelector('#link-figures').textContent.includes(`of ${all}Underruns`), blocks);
  const lateAndUnderruns = async () => { const now = await figures(); return [now['Late blocks'], now.Underruns].map((text) => parseInt(text, 10)); };
  await shows(25);
  // A busy machine may have had real ones.
  const [late, underruns] = await lateAndUnderruns();
  client.audio('claude', 1, 24_000, voice.subarray(24_000));
  await client.until((c) => c.positions(1).some(({ playedSamples }) => playedSamples === 24_960), 'the late block heard');
  await page.waitForFunction((least) => parseInt(document.querySelector('#link-figures dd:nth-of-type(3)').textContent, 10) >= least, underruns + 1);
  assert.deepEqual(await lateAndUnderruns(), [late + 1, underruns + 1]);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await shot(page, `live-connection-${colorScheme}`);
    assert.deepEqual(await findings(page, `live connection ${colorScheme}`), []);
  }
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a studio that does not answer is said in the word, not by its colour alone', async () => {
  const { page } = await open(context);
  await enter(page);
  await page.waitForFunction(() => /^Good link/.test(document.querySelector('#link-word').textContent), null, { timeout: 12_000 });
  await page.route('**/ready', (route) => route.abort());
  await page.waitForFunction(() => document.querySelector('#link-word').textContent === 'Poor link, no answer', null, { timeout: 12_000 });
  assert.equal(await page.getAttribute('#link', 'data-quality'), 'poor');
  assert.match(await page.textContent('#link-figures'), /^Round tripno answer/);
  await page.unroute('**/ready');
  await page.waitForFunction(() => /^Good link/.test(document.querySelector('#link-word').textContent), null, { timeout: 12_000 });
  await page.close();
});

test('what the session says of its language outweighs a briefing that was rewritten since', async () => {
  const { page } = await open(context);
  const { client } = await enter(page);
  client.send('state.snapshot', {
    orbStates: { you: 'listening', claude: 'idle', guest: 'idle' }, captions: [], autopilot: false, segment: null, strikes: [],
    session: { sessionId: 's1', episodeId: 'first-night', title: 'Warum die Nachtzüge wiederkamen', language: 'de', names: ['Mona', 'Ada', 'Grace'],
      adapters: ['', '', ''], nowMs: 0, muted: false, recording: true },
  });
  client.caption(1, 'claude', { text: 'Guten Abend.', isFinal: true, cut: true });
  await page.waitForSelector('#captions-final .caption[lang=de]');
  assert.equal(await page.getAttribute('#title', 'lang'), 'de');
  assert.equal(await page.getAttribute('#captions-final .cut', 'lang'), 'en', 'the page’s own word is English');
  await page.close();
});
