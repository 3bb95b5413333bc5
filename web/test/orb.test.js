import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draw } from '../orb.js';
import { STATE_WORDS } from '../words.js';

/** A drawing surface that writes down what is drawn on it. */
function paper() {
  const calls = [];
  const ctx = new Proxy({}, {
    get: (_, name) => (...args) => {
      calls.push([name, ...args.map((arg) => (typeof arg === 'number' ? Number(arg.toFixed(4)) : arg))]);
      return name === 'createRadialGradient' ? { addColorStop: (...stop) => calls.push(['stop', ...stop]) } : undefined;
    },
    set: (_, name, value) => {
      calls.push(['set', name, typeof value === 'object' ? 'gradient' : value]);
      return true;
    },
  });
  return { ctx, calls };
}

const base = { shape: 'claude', state: 'speaking', level: 0.5, time: 3, size: 200, color: '#ff9472', ink: '#101216', still: false };

function picture(look) {
  const { ctx, calls } = paper();
  draw(ctx, { ...base, ...look });
  return JSON.stringify(calls);
}

const distinct = (pictures) => new Set(pictures).size === pictures.length;

test('the same look gives the same picture', () => {
  assert.equal(picture({}), picture({}));
});

test('every state has a picture of its own for every speaker, without colour', () => {
  for (const still of [false, true]) {
    const pictures = ['you', 'claude', 'guest'].flatMap((shape) => Object.keys(STATE_WORDS).map((state) => picture({ shape, state, still, color: '#888888' })));
    assert.equal(pictures.length, 27);
    // Two states may never look the same by a change of opacity alone.
    const marks = pictures.map((text) => JSON.stringify(JSON.parse(text).filter(([name]) => name !== 'set' && name !== 'stop')));
    assert.ok(distinct(marks));
  }
});

test('a still orb does not depend on time, a moving one does', () => {
  for (const state of Object.keys(STATE_WORDS)) {
    assert.equal(picture({ state, still: true, time: 1 }), picture({ state, still: true, time: 2.3 }), state);
  }
  assert.notEqual(picture({ time: 1 }), picture({ time: 2.3 }));
});

test('a louder voice is a larger orb, and a fuller arc where nothing moves', () => {
  const reach = (look) => Math.max(...JSON.parse(picture(look)).filter(([name]) => name === 'lineTo').map(([, x, y]) => Math.hypot(x, y)));
  assert.ok(reach({ level: 1 }) > reach({ level: 0.2 }) * 1.1);
  assert.notEqual(picture({ still: true, level: 0.2 }), picture({ still: true, level: 0.9 }));
});

test('everything stays inside the square', () => {
  for (const state of Object.keys(STATE_WORDS)) {
    for (const time of [0, 1.1, 2.7]) {
      for (const [name, x, y, radius] of JSON.parse(picture({ state, time, level: 1 }))) {
        if (name === 'lineTo' || name === 'moveTo') assert.ok(Math.max(Math.abs(x), Math.abs(y)) <= 100, `${state} ${x} ${y}`);
        if (name === 'arc') assert.ok(Math.hypot(x, y) + radius <= 100.001, `${state} arc`);
      }
    }
  }
});
