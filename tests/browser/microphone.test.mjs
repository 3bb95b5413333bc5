// The microphone of a session that is on: another one in mid-show, one that cannot be opened, one that is unplugged, none
// at all; against a scripted studio first, then the real one by both ways of sound, judged by what was recorded.
import assert from 'node:assert/strict';

import { before, test } from 'node:test';
import { enter, everyLook, findings, launch, open, shot } from './scripted.mjs';
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
  const media = navigator.mediaDevices;
  const refuse = (name) => Promise.reject(new DOMException('as the test wants', name));
  media.enumerateDevices = async () => plugged.map(({ deviceId, label }) => ({ deviceId, label, kind: 'audioinput', groupId: '' }));
  media.getUserMedia = async ({ audio }) => {
    const wanted = audio.deviceId?.exact;
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
async function room() {
  const opened = await open(context);
  await opened.page.evaluate(ownMicrophones, DEVICES);
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

/** Where each tone sounds in a recording, in ms: by how often it crosses nought in each 20 ms. */
function tones(pcm) {
  const found = [];
  for (let from = 0; from + 960 <= pcm.length; from += 960) {
    let crossings = 0;
    let peak = 0;
    for (let i = from + 1; i < from + 960; i++) {
      if (pcm[i - 1] < 0 && pcm[i] >= 0) crossings += 1;
      peak = Math.max(peak, Math.abs(pcm[i]));
    }
    const hertz = crossings * 50;
    const device = peak < 0.02 ? undefined : DEVICES.find((device) => Math.abs(device.hertz - hertz) <= 75);
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
    const [lastDesk, firstHeadset] = [heard.findLast(({ id }) => id === 'desk'), heard.find(({ id }) => id === 'headset')];
    assert.ok(lastDesk && firstHeadset, 'both microphones are on the track');
    const gap = firstHeadset.ms - lastDesk.ms - 20;
    t.diagnostic(`${gap} ms of neither between the two`);
    assert.ok(gap >= 0 && gap <= GAP_MS_MAX, `${gap} ms`);
    assert.ok(heard.filter(({ id }) => id === 'headset').length > 75, 'the second one stays');
    assert.deepEqual(complaints, []);
    await page.close({ runBeforeUnload: false });
  });
}
