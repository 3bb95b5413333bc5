// Test only: every speaker in every state, moving and still, painted by the page's own function at one fixed time.
import { draw } from '/orb.js';
import { STATE_WORDS } from '/words.js';

const EDGE = 130;
const style = getComputedStyle(document.documentElement);
const canvas = document.querySelector('canvas');
const ctx = canvas.getContext('2d');
const states = Object.keys(STATE_WORDS);
canvas.width = EDGE * states.length;
canvas.height = EDGE * 6;
const one = document.createElement('canvas');
one.width = one.height = EDGE;
['you', 'claude', 'guest'].forEach((shape, row) => [false, true].forEach((still, half) => states.forEach((state, column) => {
  const level = state === 'speaking' || state === 'listening' ? 0.6 : 0;
  draw(one.getContext('2d'), { shape, state, level, time: 1.3, size: EDGE, still,
    color: style.getPropertyValue(`--${shape}`).trim(), ink: style.getPropertyValue('--ink').trim() });
  ctx.drawImage(one, column * EDGE, (row * 2 + half) * EDGE);
})));
document.body.dataset.painted = 'true';
