// A change of microphone in mid-session, with microphones of a script.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { deviceList } from '../devices.js';
import { LiveMicrophone } from '../live-microphone.js';

/** Which microphones are plugged in, by id, and which of them cannot be opened. */
let plugged, broken;
/** What was said, used, gone and listed, in order. */
let log;
let microphone;

const refusal = (name) => Object.assign(new Error(name), { name });

function stream(label) {
  const track = { label, isStopped: false, onended: null, onmute: null, onunmute: null, stop() { this.isStopped = true; } };
  return { label, track, getTracks: () => [track], getAudioTracks: () => [track] };
}

beforeEach(() => {
  plugged = new Map([['a', 'Desk'], ['b', 'Headset']]);
  broken = new Map();
  log = [];
  microphone = new LiveMicrophone({
    ask: async (id) => {
      const label = id ? plugged.get(id) : [...plugged.values()][0];
      if (!label) throw refusal('NotFoundError');
      if (broken.has(id)) throw refusal(broken.get(id));
      return stream(label);
    },
    list: async () => [...plugged].map(([deviceId, label]) => ({ deviceId, label })),
    use: (used) => { if (broken.get('use')) throw refusal(broken.get('use')); log.push(`use ${used.label}`); },
    say: (sentence) => log.push(sentence || 'nothing'),
    onGone: (isGone) => log.push(isGone ? 'gone' : 'back'),
    onList: (list, chosen, label) => log.push(`list ${list.map(({ deviceId }) => deviceId).join('')}, chosen ${chosen || 'none'}, ${label}`),
  });
});

test('another microphone is used, told, and only then is the one before let go', async () => {
  const desk = stream('Desk');
  await microphone.begin(desk, 'a');
  assert.deepEqual(log, ['list ab, chosen a, Desk']);
  log.length = 0;
  await microphone.choose('b');
  assert.deepEqual(log, ['use Headset', 'You are heard through “Headset” now.', 'list ab, chosen b, Headset']);
  assert.equal(desk.track.isStopped, true);
  assert.equal(microphone.chosen, 'b');
  log.length = 0;
  await microphone.choose('b');
  assert.deepEqual(log, [], 'the same one again is no change');
});

test('one that cannot be opened or used leaves the one before, and says so', async () => {
  const desk = stream('Desk');
  await microphone.begin(desk, 'a');
  for (const [where, name, words] of [['b', 'NotReadableError', 'another program may be holding it'],
    ['use', 'NotSupportedError', 'this browser cannot change to its sample rate in mid-session']]) {
    broken = new Map([[where, name]]);
    log.length = 0;
    await microphone.choose('b');
    assert.deepEqual(log, [`“Headset” cannot be used: ${words}. You are still heard through “Desk”.`, 'list ab, chosen a, Desk']);
    assert.equal(desk.track.isStopped, false);
    assert.equal(microphone.chosen, 'a');
  }
});

test('one that is unplugged is left for the system’s choice, once, however the browser tells', async () => {
  const headset = stream('Headset');
  await microphone.begin(headset, 'b');
  log.length = 0;
  plugged.delete('b');
  headset.track.onended();
  await microphone.devicesChanged();
  assert.deepEqual(log.filter((line) => !line.startsWith('list')), ['use Desk', '“Headset” is gone. You are heard through “Desk” now.']);
  assert.equal(log.at(-1), 'list a, chosen none, Desk');
  assert.equal(microphone.chosen, '');
});

test('without any microphone the host is told once, and heard again as soon as one is there', async () => {
  const desk = stream('Desk');
  await microphone.begin(desk, 'a');
  log.length = 0;
  plugged.clear();
  desk.track.onended();
  await microphone.devicesChanged();
  assert.deepEqual(log.filter((line) => !line.startsWith('list')), ['nothing', 'gone']);
  assert.equal(log.at(-1), 'list , chosen none, ', 'the menu has nothing to show');
  log.length = 0;
  plugged.set('c', 'Webcam');
  await microphone.devicesChanged();
  assert.deepEqual(log.filter((line) => !line.startsWith('list')), ['use Webcam', 'back', 'You are heard again, through “Webcam”.']);
});

test('two changes at once are made one after the other, and the last one stands', async () => {
  await microphone.begin(stream('Desk'), 'a');
  await Promise.all([microphone.choose('b'), microphone.choose('a'), microphone.choose('b')]);
  assert.deepEqual(log.filter((line) => line.startsWith('use')), ['use Headset', 'use Desk', 'use Headset']);
  assert.equal(microphone.chosen, 'b');
});

test('a microphone that opens after the session ended is let go at once', async () => {
  await microphone.begin(stream('Desk'), 'a');
  log.length = 0;
  let late;
  microphone.ports.ask = async () => { microphone.end(); late = stream('Headset'); return late; };
  await microphone.choose('b');
  assert.equal(late.track.isStopped, true);
  assert.deepEqual(log, []);
});

test('a system that takes the sound away for a while is told of', async () => {
  const desk = stream('Desk');
  await microphone.begin(desk, '');
  log.length = 0;
  desk.track.onmute();
  desk.track.onunmute();
  assert.deepEqual(log, ['“Desk” gives no sound: the system or another program holds it.', '“Desk” is heard again.']);
});

test('the menu has the system’s choice first, with what it is, and a name for each device', () => {
  const found = [{ deviceId: 'default', label: 'Default' }, { deviceId: 'x', label: '' }, { deviceId: 'y', label: 'Headset' }];
  assert.deepEqual(deviceList(found), [{ id: '', label: 'The system’s choice' }, { id: 'x', label: 'Device 1' }, { id: 'y', label: 'Headset' }]);
  assert.equal(deviceList(found, 'Headset')[0].label, 'Headset, the system’s choice');
});
