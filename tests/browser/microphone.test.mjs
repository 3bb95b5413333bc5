// The microphone of a session that is on: another one in mid-show, one that cannot be opened, one that is unplugged, none
// at all, none any more once the session is over, and the loudspeaker that goes with it; against a scripted studio first, then the real one by both ways of sound, judged by what was recorded.
import assert from 'node:assert/strict';

import { before, test } from 'node:test';
import { enter, everyLook, findings, launch, open, server, shot } from './scripted.mjs';
import * as whole from './whole.mjs';

/** Each of the page's microphones is a tone of its own, as loud as none of the others, in Hz and of full scale. */
const DEVICES = [
  { deviceId: 'desk', label: 'Desk microphone', hertz: 440, gain: 0.5 },
  { deviceId: 'headset', label: 'Headset', hertz: 880, gain: 0.1 },
];

/** In the page, before its own code: stands for the browser's microphones; `__devices` changes them. */
function ownMicrophones(devices) {
  const plugged = [...devices];
  const open = [];
  const broken = new Set();
  const asked = [];
  const media = navigator.mediaDevices;
  const refuse = (name) => Promise.reject(new DOMException('as the test wants', name));
  media.enumerateDevices = async () => plugged.map(({ deviceId, label }) => ({ deviceId, label, kind: 'audioinput', groupId: '' }));
  media.getUserMedia = async ({ audio }) => {
    const wanted = audio.deviceId?.exact;
    asked.push([wanted ?? '', audio.echoCancellation]);
    const device = wanted ? plugged.find(({ deviceId }) => deviceId === wanted) : plugged[0];
    if (!device) return refuse('NotFoundError');
    if (broken.has(device.deviceId)) return refuse('NotReadableError');
    const context = new AudioContext({ sampleRate: 48_000 });
    const tone = new OscillatorNode(context, { frequency: device.hertz });
    const to = context.createMediaStreamDestination();
    tone.connect(new GainNode(context, { gain: device.gain })).connect(to);
    tone.start();
    await context.resume();
    const [track] = to.stream.getAudioTracks();
    Object.defineProperty(track, 'label', { value: device.label });
    open.push({ device, track });
    return to.stream;
  };
  window.__devices = {
    /** Ids that were asked for, each with whether echo is to be cancelled. */
    asked,
    /** Those of the tracks that are not stopped. */
    live: () => open.filter(({ track }) => track.readyState === 'live').map(({ device }) => device.deviceId),
    unplug(id) {
      plugged.splice(plugged.findIndex(({ deviceId }) => deviceId === id), 1);
      for (const { device, track } of open.filter(({ device }) => device.deviceId === id)) {
        track.stop();
        track.dispatchEvent(new Event('ended'));
      }
      media.dispatchEvent(new Event('devicechange'));
    },
    plug(id) {
      plugged.push(devices.find(({ deviceId }) => deviceId === id));
      media.dispatchEvent(new Event('devicechange'));
    },
    breakDown: (id) => broken.add(id),
  };
}

/** The same for loudspeakers. */
function ownLoudspeakers() {
  const media = navigator.mediaDevices;
  const microphones = media.enumerateDevices;
  const plugged = ['desk-out', 'headset-out'];
  media.enumerateDevices = async () => [...await microphones(), ...plugged.map((deviceId) => ({ deviceId, label: deviceId, kind: 'audiooutput', groupId: '' }))];
  window.__used = [];
  AudioContext.prototype.setSinkId = async (id) => {
    if (id && !plugged.includes(id)) throw new DOMException('as the test wants', 'NotFoundError');
    window.__used.push(id || 'system');
  };
  window.__unplug = (isTold) => {
    plugged.splice(plugged.indexOf('headset-out'), 1);
    if (isTold) media.dispatchEvent(new Event('devicechange'));
  };
}

const notice = (page, text) => page.waitForFunction((wanted) => document.querySelector('#notice').textContent === wanted, text);
const live = (page) => page.evaluate(() => window.__devices.live());
/** As loud as this microphone, and no other. */
const isOf = (frame, id) => Math.abs(frame.peak - DEVICES.find(({ deviceId }) => deviceId === id).gain) < 0.02;
/** Every frame follows the one before: nothing is missing and nothing is numbered twice. */
const isWhole = ({ frames }) => frames.slice(1).every((frame, i) => frame.sequence === frames[i].sequence + 1 && frame.first === frames[i].first + 960);

/** Between the two microphones on the track. A change takes a frame or two; a busy machine may be slow. */
const GAP_MS_MAX = 200;

let context;
before(async () => { context = await launch(); });

/** A live session with the tones as microphones. */
async function room({ hasHeadphones = false } = {}) {
  const opened = await open(context);
  await opened.page.evaluate(ownMicrophones, DEVICES);
  if (hasHeadphones) await opened.page.check('input[name=headphones][value=yes]', { force: true });
  const { client, hello } = await enter(opened.page);
  await client.until(({ frames }) => frames.some((frame) => isOf(frame, 'desk')), 'the desk microphone');
  return { ...opened, client, hello };
}

test('another microphone is chosen in mid-show: the stream has no hole, and the one before is let go', async (t) => {
  const { page, complaints, client } = await room();
  assert.deepEqual(await page.$$eval('#microphone option', (options) => options.map(({ textContent }) => textContent)),
    ['Desk microphone, the system’s choice', 'Desk microphone', 'Headset']);
  await page.selectOption('#microphone', 'headset');
  await notice(page, 'You are heard through “Headset” now.');
  await client.until(({ frames }) => isOf(frames.at(-1), 'headset'), 'the headset');
  assert.deepEqual(await live(page), ['headset']);
  assert.equal(isWhole(client), true);
  const between = client.frames.filter((frame, i) => i > 0 && frame.peak < 0.05 && client.frames.slice(0, i).some((before) => isOf(before, 'desk')));
  t.diagnostic(`frames quieter than either microphone at the change: ${between.length}`);
  assert.ok(between.length <= 2, `${between.length} frames`);
  assert.equal(await page.isVisible('#failure'), false);
  assert.equal(await page.evaluate(() => JSON.parse(sessionStorage.getItem('studio.session')).deviceId), 'headset', 'a reload goes on with it');
  await everyLook(page, 'live-microphone');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a muted host stays muted through the change', async () => {
  const { page, client } = await room();
  await page.keyboard.press('m');
  await client.until(({ frames }) => frames.at(-1).muted, 'a muted frame');
  await page.selectOption('#microphone', 'headset');
  await notice(page, 'You are heard through “Headset” now.');
  const count = client.frames.length;
  await client.until(({ frames }) => frames.length > count + 10, 'ten more frames');
  assert.ok(client.frames.slice(count).every(({ muted, isSilent }) => muted && isSilent));
  await page.keyboard.press('m');
  await client.until(({ frames }) => isOf(frames.at(-1), 'headset'), 'the headset');
  assert.equal(isWhole(client), true);
  await page.close();
});

test('one that cannot be opened leaves the one before, and the menu says which that is', async () => {
  const { page, client } = await room();
  await page.evaluate(() => window.__devices.breakDown('headset'));
  await page.selectOption('#microphone', 'headset');
  await notice(page, '“Headset” cannot be used: another program may be holding it. You are still heard through “Desk microphone”.');
  await page.waitForFunction(() => document.querySelector('#microphone').value === '');
  const count = client.frames.length;
  await client.until(({ frames }) => frames.length > count + 5, 'more frames');
  assert.ok(client.frames.slice(count).every((frame) => isOf(frame, 'desk')));
  assert.deepEqual(await live(page), ['desk']);
  await page.close();
});

test('an unplugged microphone is left for another; without any the show goes on, and what is plugged in is used at once', async () => {
  const { page, client, complaints } = await room();
  await page.selectOption('#microphone', 'headset');
  await client.until(({ frames }) => isOf(frames.at(-1), 'headset'), 'the headset');
  await page.evaluate(() => window.__devices.unplug('headset'));
  await notice(page, '“Headset” is gone. You are heard through “Desk microphone” now.');
  await client.until(({ frames }) => isOf(frames.at(-1), 'desk'), 'the desk microphone again');
  await page.evaluate(() => window.__devices.unplug('desk'));
  await page.waitForSelector('#failure:visible');
  assert.match(await page.textContent('#failure'), /microphone was disconnected.*recording go on without your voice/s);
  assert.equal(await page.getAttribute('body', 'data-lost'), 'false', 'the session goes on');
  await page.waitForFunction(() => document.querySelector('#microphone').selectedOptions[0].textContent === 'No microphone');
  assert.equal(await page.textContent('#notice'), '', 'nothing says that the host is heard');
  assert.deepEqual(await findings(page, 'microphone gone'), []);
  await shot(page, 'microphone-gone');
  const count = client.frames.length;
  await client.until(({ frames }) => frames.length > count + 5, 'silence, counted on');
  await page.evaluate(() => window.__devices.plug('headset'));
  await notice(page, 'You are heard again, through “Headset”.');
  await page.waitForSelector('#failure', { state: 'hidden' });
  await client.until(({ frames }) => isOf(frames.at(-1), 'headset'), 'the headset again');
  assert.equal(isWhole(client), true);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('who loses the headset is asked for echo cancellation, and a reload asks so, too', async () => {
  const { page, client } = await room({ hasHeadphones: true });
  await page.selectOption('#microphone', 'headset');
  await client.until(({ frames }) => isOf(frames.at(-1), 'headset'), 'the headset');
  await page.evaluate(() => window.__devices.unplug('headset'));
  await notice(page, '“Headset” is gone. You are heard through “Desk microphone” now.');
  assert.deepEqual(await page.evaluate(() => window.__devices.asked), [['', false], ['headset', false], ['', true]]);
  const kept = await page.evaluate(() => JSON.parse(sessionStorage.getItem('studio.session')));
  assert.deepEqual([kept.deviceId, kept.hasHeadphones], ['', false]);
  await page.close();
});

test('a lost connection is said before a microphone that is gone, and what changed meanwhile is said after it', async () => {
  const { page, client } = await room();
  await page.evaluate(() => { window.__devices.unplug('headset'); window.__devices.unplug('desk'); });
  await page.waitForFunction(() => /microphone was disconnected/.test(document.querySelector('#failure-title').textContent));
  client.socket.terminate();
  await page.waitForFunction(() => /connection to the studio was lost/.test(document.querySelector('#failure-title').textContent));
  await page.click('#reconnect');
  const again = await server.client();
  again.ready();
  await page.waitForFunction(() => /microphone was disconnected/.test(document.querySelector('#failure-title').textContent));
  assert.equal(await page.isVisible('#failure'), true);
  again.socket.terminate();
  await page.waitForFunction(() => /connection to the studio was lost/.test(document.querySelector('#failure-title').textContent));
  await page.evaluate(() => window.__devices.plug('headset'));
  await page.waitForFunction(() => document.querySelector('#microphone').title === 'Microphone: Headset');
  assert.equal(await page.textContent('#notice'), '', 'nobody is heard without a connection');
  await page.click('#reconnect');
  const third = await server.client();
  third.ready();
  await notice(page, 'You are heard again, through “Headset”.');
  assert.equal(await page.isVisible('#failure'), false);
  await third.until(({ frames }) => frames.length > 0 && isOf(frames.at(-1), 'headset'), 'the headset');
  await page.close();
});

test('a session that is over for good lets go of the microphone', async () => {
  for (const code of [1000, 1011]) {
    const { page, client } = await room();
    client.socket.close(code);
    await page.waitForSelector('#restart:visible');
    assert.equal(await page.isVisible('#reconnect'), false);
    await page.waitForFunction(() => window.__devices.live().length === 0);
    await page.close();
  }
});

test('when the studio’s minute is over the microphone is let go, and connecting by hand opens it anew', async () => {
  const { page, client, complaints } = await room();
  await page.selectOption('#microphone', 'headset');
  await notice(page, 'You are heard through “Headset” now.');
  await page.keyboard.press('m');
  await client.until(({ frames }) => frames.at(-1).muted, 'a muted frame');
  await page.evaluate(() => {
    window.__tries = 0;
    window.__fails = queueMicrotask;
    window.__socket = window.WebSocket;
    // A network that is not there.
    window.WebSocket = class {
      constructor() { window.__tries += 1; window.__fails(() => this.onclose({ code: 1006 })); }
      close() {}
    };
    window.WebSocket.OPEN = 1;
  });
  await page.clock.install();
  client.socket.terminate();
  await page.waitForSelector('#reconnect:visible');
  await page.clock.runFor(57_000);
  assert.deepEqual(await live(page), ['headset'], 'until then it may go on at any time');
  assert.equal(await page.evaluate(() => window.__tries), 9);
  await page.clock.runFor(5000);
  await page.waitForFunction(() => /your microphone is off/.test(document.querySelector('#failure-advice').textContent));
  assert.deepEqual(await live(page), []);
  await page.clock.runFor(60_000);
  assert.equal(await page.evaluate(() => window.__tries), 9, 'nothing is tried by itself any more');
  // A try by hand that fails lets go of it again. It takes its time: the tap of the tests is still being loaded.
  await page.evaluate(() => { window.__fails = (does) => setTimeout(does, 1000); });
  await page.click('#reconnect');
  await page.waitForFunction(() => window.__tries === 10);
  assert.deepEqual(await live(page), ['headset']);
  await page.waitForFunction(() => window.__devices.live().length === 0);
  await page.evaluate(() => { window.WebSocket = window.__socket; });
  await page.click('#reconnect');
  const again = await server.client();
  assert.equal((await again.text('hello')).resumeToken, 'token-1');
  again.ready();
  await page.waitForSelector('#failure', { state: 'hidden' });
  // The scripted studio knows of no mute.
  await again.until(({ frames }) => frames.length > 5, 'frames again');
  assert.ok(again.frames.every(({ muted, isSilent }) => muted && isSilent), 'who was muted comes back muted');
  assert.deepEqual(await live(page), ['headset']);
  assert.equal(isWhole(again), true);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('after a reload without the microphone of before the host is heard through another, and told so', async () => {
  const { page, client } = await room({ hasHeadphones: true });
  await page.selectOption('#microphone', 'headset');
  await client.until(({ frames }) => isOf(frames.at(-1), 'headset'), 'the headset');
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await page.evaluate(ownMicrophones, DEVICES);
  await page.evaluate(() => window.__devices.unplug('headset'));
  await page.click('#return');
  const again = await server.client();
  again.ready();
  await notice(page, 'The chosen microphone is gone. You are heard through “Desk microphone” now.');
  await again.until(({ frames }) => frames.length > 0 && isOf(frames.at(-1), 'desk'), 'the desk microphone');
  assert.deepEqual(await page.evaluate(() => window.__devices.asked), [['headset', false], ['', true]]);
  await page.close();
});

test('a loudspeaker that is gone, before the show or in it, is left for the system’s choice', async () => {
  /** The lobby with two loudspeakers, the second of them chosen. */
  const prepare = async () => {
    const { page, complaints } = await open(context);
    await page.evaluate(ownMicrophones, DEVICES);
    await page.evaluate(ownLoudspeakers);
    await page.click('[data-lobby=open]');
    await page.waitForSelector('[data-lobby=output]:visible');
    await page.selectOption('[data-lobby=output]', 'headset-out');
    await page.waitForFunction(() => window.__used.at(-1) === 'headset-out');
    return { page, complaints };
  };
  const { page, complaints } = await prepare();
  await page.evaluate(() => window.__unplug(false));
  await enter(page);
  const words = 'The chosen loudspeaker is gone. You hear the voices through the system’s choice now.';
  await notice(page, words);
  assert.equal(await page.evaluate(() => window.__used.at(-1)), 'system');
  await page.close();
  const again = await prepare();
  await enter(again.page);
  assert.equal(await again.page.evaluate(() => window.__used.at(-1)), 'headset-out');
  await again.page.evaluate(() => window.__unplug(true));
  await notice(again.page, words);
  assert.equal(await again.page.evaluate(() => window.__used.at(-1)), 'system');
  assert.deepEqual([...complaints, ...again.complaints], []);
  await again.page.close();
});

test('after a choice by pointer the keys are the room’s again; by keyboard the menu keeps the focus', async () => {
  const { page, client } = await room();
  await page.focus('#microphone');
  await page.keyboard.press('ArrowDown');
  await notice(page, 'You are heard through “Desk microphone” now.');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'microphone');
  await page.locator('#microphone').dispatchEvent('pointerdown');
  await page.selectOption('#microphone', 'headset');
  await notice(page, 'You are heard through “Headset” now.');
  await page.keyboard.press('k');
  await client.text('client.marker');
  await page.close();
});

/**
 * Where each tone sounds in a recording, in ms: by how often it crosses nought in each 20 ms. Where one ends or begins in
 * between there is neither: half of a tone crosses as often as the whole of one an octave below.
 */
function tones(pcm) {
  const found = [];
  for (let from = 0; from + 960 <= pcm.length; from += 960) {
    const crossings = [0, 0];
    let peak = 0;
    for (let i = 1; i < 960; i++) {
      if (pcm[from + i - 1] < 0 && pcm[from + i] >= 0) crossings[i < 480 ? 0 : 1] += 1;
      peak = Math.max(peak, Math.abs(pcm[from + i]));
    }
    const hertz = (crossings[0] + crossings[1]) * 50;
    const isCut = Math.abs(crossings[0] - crossings[1]) > 2;
    const device = peak < 0.02 || isCut ? undefined : DEVICES.find((device) => Math.abs(device.hertz - hertz) <= 75);
    found.push({ ms: from / 48, id: device?.deviceId ?? '' });
  }
  return found;
}

for (const [way, name] of [['socket', 'WebSocket'], ['webrtc', 'WebRTC']]) {
  test(`by ${name} the recording runs on from one microphone to the other`, { timeout: 120_000 }, async (t) => {
    const studio = await whole.startStudio();
    t.after(() => studio.stop());
    const browser = await whole.launch();
    t.after(() => browser.close());
    const { page, complaints } = await whole.open(browser, studio.address, { isSynthetic: false, way });
    await page.evaluate(ownMicrophones, DEVICES);
    await whole.enter(page);
    await page.waitForFunction((wanted) => document.querySelector('#sound-way').value === wanted, name, whole.LIMIT);
    /** Until the show's own clock says so many seconds. */
    const until = (seconds) => page.waitForFunction((least) => Number(document.querySelector('#timer').textContent.split(':')[1]) >= least, seconds, whole.LIMIT);
    await until(3);
    await page.selectOption('#microphone', 'headset');
    await notice(page, 'You are heard through “Headset” now.');
    await until(6);
    assert.equal(await page.$eval('#sound-way', ({ value }) => value), name, 'the way stays');
    const terms = await page.$$eval('#link-figures dt', (found) => found.map((term) => `${term.textContent} ${term.nextElementSibling.textContent}`));
    t.diagnostic(terms.join(', '));
    assert.equal(terms.some((term) => /^Lost on the way down \d+ %$/.test(term)), way === 'webrtc', 'losses where there can be any');
    const { track } = await whole.end(page, studio.work);
    const heard = tones(track('you'));
    // Where a tone begins, ends or is rebuilt in the midst of 20 ms, a part of it may cross as often as the whole of the other.
    const isTone = (id) => (_, n) => heard.slice(Math.max(0, n - 1), n + 2).every((part) => part.id === id);
    const [lastDesk, firstHeadset] = [heard.findLast(isTone('desk')), heard.find(isTone('headset'))];
    assert.ok(lastDesk && firstHeadset, 'both microphones are on the track');
    // Each has another 20 ms of its own on the far side.
    const gap = firstHeadset.ms - lastDesk.ms - 60;
    t.diagnostic(`${gap} ms of neither between the two`);
    assert.ok(gap >= 0 && gap <= GAP_MS_MAX, `${gap} ms`);
    assert.ok(heard.filter(({ id }) => id === 'headset').length > 75, 'the second one stays');
    assert.deepEqual(complaints, []);
    await page.close({ runBeforeUnload: false });
  });
}
