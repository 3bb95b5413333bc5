// Where the voices come out, with an audio context of a script whose device goes away.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Loudspeaker } from '../loudspeaker.js';

const GONE = 'The chosen loudspeaker is gone. You hear the voices through the system’s choice now.';
const settled = () => new Promise((resolve) => setImmediate(resolve));
let context, there, said, loudspeaker;

class Context extends EventTarget {
  state = 'running';
  sinkId = '';
  used = [];
  become(state) {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
  async setSinkId(id) {
    if (id && !there.includes(id)) throw new DOMException('no such device', 'NotFoundError');
    // As browsers do it: the context stops for a moment.
    const before = this.state;
    this.become('suspended');
    this.used.push(id || 'system');
    this.become(before);
  }
  async resume() {
    if (there.length === 0) throw new Error('nothing to play on');
    this.become('running');
  }
}

beforeEach(() => {
  [there, said, context] = [['desk', 'headset'], [], new Context()];
  loudspeaker = new Loudspeaker(context, async () => there, (sentence) => said.push(sentence));
});

test('a device that goes away is left for the system’s choice, once, however the browser tells', async () => {
  for (const tell of [
    () => context.dispatchEvent(new Event('error')),
    () => context.become('suspended'),
    () => void loudspeaker.devicesChanged(),
    () => { context.become('interrupted'); context.dispatchEvent(new Event('error')); void loudspeaker.devicesChanged(); },
  ]) {
    [there, said.length, context.used] = [['desk', 'headset'], 0, []];
    await loudspeaker.choose('headset');
    there = ['desk'];
    tell();
    await settled();
    assert.deepEqual([context.used, said, context.state], [['headset', 'system'], [GONE], 'running'], String(tell));
  }
});

test('one that is there is kept, whatever else comes and goes and stops for a while', async () => {
  await loudspeaker.choose('headset');
  there = ['headset'];
  await loudspeaker.devicesChanged();
  context.become('suspended');
  await settled();
  there = [];
  await loudspeaker.devicesChanged();
  assert.deepEqual([context.used, said], [['headset'], []], 'a browser that lists none says nothing of it');
});

test('the system’s choice is the system’s to look after, and a session that is over is nobody’s', async () => {
  await loudspeaker.choose('');
  there = ['headset'];
  context.become('suspended');
  context.dispatchEvent(new Event('error'));
  await loudspeaker.devicesChanged();
  await loudspeaker.choose('headset');
  loudspeaker.close();
  there = ['desk'];
  context.become('suspended');
  context.dispatchEvent(new Event('error'));
  await loudspeaker.devicesChanged();
  assert.deepEqual([context.used, said], [['system', 'headset'], []]);
});

test('one that went away before the session began is left as well, and where there is none that is said', async () => {
  there = ['desk'];
  await loudspeaker.choose('headset');
  assert.deepEqual([context.used, said], [['system'], [GONE]]);
  there = ['headset'];
  await loudspeaker.choose('headset');
  there = [];
  context.become('suspended');
  context.dispatchEvent(new Event('error'));
  await settled();
  assert.equal(said.at(-1), 'The chosen loudspeaker is gone, and no other can be used: nothing to play on.');
});
