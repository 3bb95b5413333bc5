// One orb, drawn from what it is told and nothing else: the same look gives the same picture.
//
// Speakers differ by outline (circle, petals, rounded diamond), states by a mark of their own, so neither needs colour.
/** @import {OrbLook} from './types' */

const TURN = Math.PI * 2;
/** Points of an outline: smooth at every size an orb is drawn at. */
const POINTS = 120;
/** Body radius as a share of the square's edge; the rest is room for rings and glow. */
const BODY = 0.27;

/**
 * Distance of the outline from the centre in direction `angle`, around 1.
 * @type {Record<OrbLook['shape'], (angle: number) => number>}
 */
const OUTLINES = {
  you: () => 1,
  claude: (angle) => 0.98 + 0.065 * Math.cos(8 * angle),
  // A superellipse on its corner: |x|^2.6 + |y|^2.6 = 1, turned by an eighth.
  guest: (angle) => {
    const turned = angle + TURN / 8;
    return 0.93 / (Math.abs(Math.cos(turned)) ** 2.9 + Math.abs(Math.sin(turned)) ** 2.9) ** (1 / 2.9);
  },
};

/** From the lit spot to the shaded rim; steps small enough that none is seen. @type {[number, string][]} */
const LIGHT = [
  [0, 'rgba(255, 255, 255, 0.42)'], [0.2, 'rgba(255, 255, 255, 0.27)'], [0.4, 'rgba(255, 255, 255, 0.13)'],
  [0.6, 'rgba(255, 255, 255, 0.04)'], [0.72, 'rgba(128, 128, 128, 0)'], [0.86, 'rgba(0, 0, 0, 0.08)'],
  [1, 'rgba(0, 0, 0, 0.26)'],
];

/**
 * Draws into the square from (0, 0) to (size, size).
 * @param {CanvasRenderingContext2D} ctx
 * @param {OrbLook} look
 */
export function draw(ctx, look) {
  const { size, state, still } = look;
  const time = still ? 0 : look.time;
  const level = Math.max(0, Math.min(1, look.level));
  const centre = size / 2;
  const breath = still ? 0 : Math.sin((time * TURN) / (state === 'thinking' ? 2.4 : 5)) * 0.012;
  const swell = state === 'speaking' && !still ? level * 0.2 : 0;
  const radius = size * BODY * (1 + breath + swell);
  const isDim = state === 'idle' || state === 'muted' || state === 'failed' || state === 'connecting';

  ctx.save();
  ctx.clearRect(0, 0, size, size);
  ctx.translate(centre, centre);
  ctx.lineCap = 'round';
  if (!isDim) glow(ctx, look, radius, state === 'speaking' ? 0.3 + 0.5 * level : 0.22);
  body(ctx, look, radius, time, level, isDim);
  marks(ctx, look, size * BODY, time, level);
  ctx.restore();
}

/** @param {CanvasRenderingContext2D} ctx @param {OrbLook} look @param {number} radius @param {number} strength */
function glow(ctx, look, radius, strength) {
  const reach = Math.min(look.size / 2, radius * 1.75);
  // Canvas gradients know no opacity of a named colour, so the colour is drawn and its edge is cut away softly.
  ctx.save();
  ctx.beginPath();
  ctx.arc(0, 0, reach, 0, TURN);
  const fade = ctx.createRadialGradient(0, 0, radius * 0.7, 0, 0, reach);
  for (let i = 0; i <= 8; i++) {
    const left = 1 - i / 8;
    fade.addColorStop(i / 8, withAlpha(look.color, strength * left * left));
  }
  ctx.fillStyle = fade;
  ctx.fill();
  ctx.restore();
}

/**
 * @param {CanvasRenderingContext2D} ctx @param {OrbLook} look @param {number} radius
 * @param {number} time @param {number} level @param {boolean} isDim
 */
function body(ctx, look, radius, time, level, isDim) {
  outline(ctx, look, radius, time, look.state === 'speaking' ? level : 0);
  ctx.globalAlpha = isDim ? 0.42 : 1;
  ctx.fillStyle = look.color;
  ctx.fill();
  const light = ctx.createRadialGradient(-radius * 0.35, -radius * 0.45, 0, 0, 0, radius * 1.15);
  for (const [stop, tint] of LIGHT) light.addColorStop(stop, tint);
  ctx.fillStyle = light;
  ctx.fill();
  ctx.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} ctx @param {OrbLook} look @param {number} radius
 * @param {number} time @param {number} level
 */
function outline(ctx, look, radius, time, level) {
  const spin = look.shape === 'claude' ? time * 0.12 : 0;
  ctx.beginPath();
  for (let i = 0; i < POINTS; i++) {
    const angle = (i / POINTS) * TURN;
    const wave = level * 0.05 * Math.sin(3 * angle + time * 5) + level * 0.03 * Math.sin(5 * angle - time * 7);
    const distance = radius * (OUTLINES[look.shape](angle + spin) + (look.still ? 0 : wave));
    if (i === 0) ctx.moveTo(distance * Math.cos(angle), distance * Math.sin(angle));
    else ctx.lineTo(distance * Math.cos(angle), distance * Math.sin(angle));
  }
  ctx.closePath();
}

/**
 * The sign of a state. Rings lie outside the body, symbols on it.
 * @param {CanvasRenderingContext2D} ctx @param {OrbLook} look @param {number} radius
 * @param {number} time @param {number} level
 */
function marks(ctx, look, radius, time, level) {
  const ring = radius * 1.42;
  ctx.lineWidth = Math.max(1.5, look.size / 90);
  ctx.strokeStyle = look.color;
  ctx.fillStyle = look.color;
  switch (look.state) {
    case 'idle':
      break;
    case 'connecting':
      arc(ctx, ring, time * 2.4, TURN * 0.28);
      break;
    case 'listening':
      arc(ctx, ring, 0, TURN);
      // The louder the voice that is listened to, the fuller a second ring.
      if (level > 0.01) {
        ctx.lineWidth *= 2.4;
        arc(ctx, ring, -TURN / 4 - level * TURN * 0.5, level * TURN);
      }
      break;
    case 'thinking':
      for (let i = 0; i < 3; i++) {
        const angle = -TURN / 4 + (i - 1) * 0.42 + time * 1.7;
        dot(ctx, ring * Math.cos(angle), ring * Math.sin(angle), look.size / 42);
      }
      break;
    case 'speaking':
      if (look.still) {
        ctx.lineWidth *= 2.4;
        arc(ctx, ring, -TURN / 4 - level * TURN * 0.5, Math.max(0.02, level) * TURN);
        break;
      }
      for (const [scale, alpha] of [[1.26, 0.65], [1.42, 0.3]]) {
        ctx.globalAlpha = alpha;
        outline(ctx, look, radius * (scale + level * 0.2), time, level);
        ctx.stroke();
      }
      ctx.globalAlpha = 1;
      break;
    case 'paused':
      symbol(ctx, look, [[-0.16, -0.28, -0.16, 0.28], [0.16, -0.28, 0.16, 0.28]], radius);
      break;
    case 'interrupted':
      arc(ctx, ring, TURN * 0.04, TURN * 0.42);
      arc(ctx, ring, TURN * 0.54, TURN * 0.42);
      symbol(ctx, look, [[-0.32, 0, 0.32, 0]], radius);
      break;
    case 'muted':
      symbol(ctx, look, [[-0.36, -0.36, 0.36, 0.36]], radius);
      break;
    case 'failed':
      symbol(ctx, look, [[-0.26, -0.26, 0.26, 0.26], [-0.26, 0.26, 0.26, -0.26]], radius);
      break;
  }
}

/** @param {CanvasRenderingContext2D} ctx @param {number} radius @param {number} from @param {number} length */
function arc(ctx, radius, from, length) {
  ctx.beginPath();
  ctx.arc(0, 0, radius, from, from + length);
  ctx.stroke();
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} radius */
function dot(ctx, x, y, radius) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, TURN);
  ctx.fill();
}

/**
 * Thick strokes on the body, from shares of its radius.
 * @param {CanvasRenderingContext2D} ctx @param {OrbLook} look @param {number[][]} lines @param {number} radius
 */
function symbol(ctx, look, lines, radius) {
  ctx.strokeStyle = look.ink;
  ctx.lineWidth = radius * 0.15;
  ctx.beginPath();
  for (const [x1, y1, x2, y2] of lines) {
    ctx.moveTo(x1 * radius, y1 * radius);
    ctx.lineTo(x2 * radius, y2 * radius);
  }
  ctx.stroke();
}

/** @param {string} color As `#rrggbb`. @param {number} alpha */
function withAlpha(color, alpha) {
  return `${color}${Math.round(Math.max(0, Math.min(1, alpha)) * 255).toString(16).padStart(2, '0')}`;
}
