// A change of microphone in mid-session, with microphones of a script.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { askOrInstead } from '../capture.js';
import { deviceList } from '../devices.js';
import { LiveMicrophone } from '../live-microphone.js';

/** Which microphones are plugged in, by id, and which of them cannot be opened. */
let plugged, broken;
/** What was said, used, gone and listed, in order; what was asked for; what the host is told of a microphone that is gone. */
let log, asked, gone;
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
  asked = [];
  gone = null;
  microphone = new LiveMicrophone({
    ask: async (id, hasHeadphones) => {
      asked.push(`${id || 'any'} ${hasHeadphones ? 'as it is' : 'without echo'}`);
      const label = id ? plugged.get(id) : [...plugged.values()][0];
      if (!label) throw refusal('NotFoundError');
      const isBroken = broken.get(id || [...plugged.keys()][0]) ?? broken.get('any');
      if (isBroken) throw refusal(isBroken);
      return stream(label);
    },
    list: async () => [...plugged].map(([deviceId, label]) => ({ deviceId, label })),
    use: (used) => { if (broken.get('use')) throw refusal(broken.get('use')); log.push(`use ${used.label}`); },
    say: (sentence) => log.push(sentence || 'nothing'),
    onGone: (failure) => { gone = failure; log.push(failure ? 'gone' : 'back'); },
    onList: (list, chosen, label) => log.push(`list ${list.map(({ deviceId }) => deviceId).join('')}, chosen ${chosen || 'none'}, ${label}`),
  });
});

test('another microphone is used, told, and only then is the one before let go', async () => {
  const desk = stream('Desk');
  await microphone.begin(desk, 'a', true);
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
  await microphone.begin(desk, 'a', true);
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
  await microphone.begin(headset, 'b', true);
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
  await microphone.begin(desk, 'a', true);
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

test('who lost the microphone has no headphones any more: echo is cancelled then and for the rest of the session', async () => {
  const headset = stream('Headset');
  await microphone.begin(headset, 'b', true);
  await microphone.choose('a');
  await microphone.choose('b');
  assert.equal(microphone.hasHeadphones, true, 'a choice is no loss');
  plugged.delete('b');
  await microphone.devicesChanged();
  assert.equal(microphone.hasHeadphones, false);
  plugged.set('b', 'Headset');
  await microphone.choose('b');
  assert.deepEqual(asked, ['a as it is', 'b as it is', 'any without echo', 'b without echo']);
});

test('where the system’s choice cannot be opened, any other is used', async () => {
  const headset = stream('Headset');
  await microphone.begin(headset, 'b', true);
  plugged.set('c', 'Webcam');
  plugged.delete('b');
  broken.set('a', 'NotReadableError');
  log.length = 0;
  headset.track.onended();
  await microphone.devicesChanged();
  assert.deepEqual(log.filter((line) => !line.startsWith('list')), ['use Webcam', '“Headset” is gone. You are heard through “Webcam” now.']);
  assert.equal(log.at(-1), 'list ac, chosen c, Webcam');
  assert.deepEqual(asked, ['any without echo', 'a without echo', 'c without echo']);
});

test('where none can be opened the host is told why, and where to choose; another reason is said anew', async () => {
  const headset = stream('Headset');
  await microphone.begin(headset, 'b', true);
  plugged.delete('b');
  broken.set('a', 'NotReadableError');
  log.length = 0;
  headset.track.onended();
  await microphone.devicesChanged();
  assert.match(gone.title, /no microphone can be used/);
  assert.match(gone.advice, /without your voice.*another program may be holding it.*in the menu under your own orb/);
  await microphone.devicesChanged();
  broken.set('a', 'NotAllowedError');
  asked.length = 0;
  await microphone.devicesChanged();
  assert.match(gone.advice, /the browser does not allow it/);
  assert.deepEqual(asked, ['any without echo'], 'who does not allow one is not asked for each');
  assert.deepEqual(log.filter((line) => !line.startsWith('list')), ['nothing', 'gone', 'gone']);
  broken.clear();
  await microphone.choose('a');
  assert.equal(asked.at(-1), 'a without echo', 'the headphones went with the headset, whatever comes after it and when');
  assert.equal(gone, null);
  assert.equal(log.at(-1), 'list a, chosen a, Desk');
});

test('two changes at once are made one after the other, and the last one stands', async () => {
  await microphone.begin(stream('Desk'), 'a', true);
  await Promise.all([microphone.choose('b'), microphone.choose('a'), microphone.choose('b')]);
  assert.deepEqual(log.filter((line) => line.startsWith('use')), ['use Headset', 'use Desk', 'use Headset']);
  assert.equal(microphone.chosen, 'b');
});

test('a microphone that opens after the session ended is let go at once', async () => {
  await microphone.begin(stream('Desk'), 'a', true);
  log.length = 0;
  let late;
  microphone.ports.ask = async () => { microphone.end(); late = stream('Headset'); return late; };
  await microphone.choose('b');
  assert.equal(late.track.isStopped, true);
  assert.deepEqual(log, []);
});

test('a session that ends while capture moves leaves no microphone open, and nothing is said', async () => {
  const desk = stream('Desk');
  await microphone.begin(desk, 'a', true);
  log.length = 0;
  let late;
  microphone.ports.use = async (used) => { late = used; microphone.end(); };
  await microphone.choose('b');
  assert.equal(late.track.isStopped, true);
  assert.equal(late.track.onended, null);
  assert.deepEqual([log, microphone.chosen], [[], 'a']);
});

test('the next session begins while a change of the one before is on its way: it keeps its own', async () => {
  await microphone.begin(stream('Desk'), 'a', true);
  log.length = 0;
  let late, next;
  microphone.ports.use = async (used) => { late = used; microphone.end(); next = microphone.begin(stream('Desk'), 'a', true); };
  await microphone.choose('b');
  await next;
  assert.equal(late.track.isStopped, true);
  assert.deepEqual(log, ['list ab, chosen a, Desk', 'list ab, chosen a, Desk']);
});

test('what nobody expected is said, the menu shows what is in use, and the next change is made', async (t) => {
  const noted = t.mock.method(console, 'error', () => {});
  await microphone.begin(stream('Desk'), 'a', true);
  const { list, onList } = microphone.ports;
  log.length = 0;
  microphone.ports.list = async () => { throw new Error('no list today'); };
  broken.set('b', 'NotReadableError');
  await microphone.choose('b');
  assert.deepEqual(log, ['“Headset” cannot be used: another program may be holding it. You are still heard through “Desk”.', 'list ab, chosen a, Desk',
    'Something went wrong with the microphones: no list today.']);
  microphone.ports.list = list;
  broken.clear();
  log.length = 0;
  microphone.ports.onList = () => { throw new SyntaxError('no JSON'); };
  await microphone.choose('b');
  assert.deepEqual(log, ['use Headset', 'You are heard through “Headset” now.', 'Something went wrong with the microphones: no JSON.']);
  microphone.ports.onList = onList;
  await microphone.choose('a');
  assert.equal(log.at(-1), 'list ab, chosen a, Desk');
  assert.equal(noted.mock.callCount(), 2, 'and noted for whoever mends it');
});

test('a system that takes the sound away for a while is told of', async () => {
  const desk = stream('Desk');
  await microphone.begin(desk, '', true);
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

test('a session begins with the system’s choice where the microphone of before is gone, and only there', async () => {
  const asked = [];
  const ask = (name) => async (hasHeadphones, deviceId) => {
    asked.push([hasHeadphones, deviceId]);
    // Older browsers' own kind is no `Error`.
    if (deviceId === 'b') throw { name };
    return stream('Desk');
  };
  for (const name of ['OverconstrainedError', 'NotFoundError']) {
    const { stream: { label }, ...found } = await askOrInstead(true, 'b', ask(name));
    assert.deepEqual([label, found], ['Desk', { hasHeadphones: false, deviceId: '' }]);
  }
  const { stream: _, ...found } = await askOrInstead(true, 'a', ask(''));
  assert.deepEqual(found, { hasHeadphones: true, deviceId: 'a' });
  await assert.rejects(askOrInstead(true, 'b', ask('NotAllowedError')), { name: 'NotAllowedError' });
  await assert.rejects(askOrInstead(true, '', async () => { throw refusal('NotFoundError'); }), { name: 'NotFoundError' });
  assert.deepEqual(asked, [[true, 'b'], [false, ''], [true, 'b'], [false, ''], [true, 'a'], [true, 'b']]);
});
