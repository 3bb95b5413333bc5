// One track as a picture: a waveform with captions and markers under it. Pure: drawn from what it is told.

/** Room under the wave for captions, and what of it their text takes. */
const LANE = 24;
const BOX = 17;
/** From this width on a caption's box has its first words. */
const WORDS_MIN = 28;

/**
 * Bars of a wave: the loudest peak of what each covers.
 * @param {number[]} peaks 0 to 255.
 * @param {number} count
 * @returns {number[]} 0 to 1.
 */
export function bars(peaks, count) {
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * peaks.length) / count);
    const until = Math.max(from + 1, Math.floor(((i + 1) * peaks.length) / count));
    return Math.max(0, ...peaks.slice(from, until)) / 255;
  });
}

/**
 * A caption; `cut` where its speaker was interrupted, `struck` where it is cut from the show.
 * @typedef {{from: number, until: number, text: string, cut: boolean, struck: boolean}} Span
 */

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {{width: number, height: number, peaks: number[], spans: Span[], strikes: [number, number][], markers: number[], at: number,
 *   color: string, soft: string, text: string, mark: string, isOff: boolean}} look Places are shares of the track, 0 to 1.
 */
export function drawWave(ctx, { width, height, peaks, spans, strikes, markers, at, color, soft, text, mark, isOff }) {
  ctx.clearRect(0, 0, width, height);
  const tall = height - LANE;
  const list = bars(peaks, Math.floor(width / 3));
  list.forEach((value, i) => {
    const isPlayed = i / list.length < at;
    ctx.globalAlpha = isOff ? 0.25 : isPlayed ? 1 : 0.55;
    ctx.fillStyle = color;
    // The ear hears loudness, not pressure: a root makes quiet speech visible.
    const size = Math.max(1.5, Math.sqrt(value) * (tall - 6));
    ctx.fillRect(i * 3, (tall - size) / 2, 2, size);
  });
  for (const span of spans) caption(ctx, span, { width, top: tall + 4, soft, text, mark, isOff });
  // What is struck from the show: tinted, and crossed out.
  for (const [from, until] of strikes) {
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = mark;
    ctx.fillRect(from * width, 0, (until - from) * width, tall);
    ctx.globalAlpha = 1;
    ctx.fillRect(from * width, Math.round(tall / 2) - 1, (until - from) * width, 2);
  }
  ctx.globalAlpha = 1;
  ctx.fillStyle = mark;
  for (const place of markers) {
    ctx.beginPath();
    ctx.moveTo(place * width - 4, 0);
    ctx.lineTo(place * width + 4, 0);
    ctx.lineTo(place * width, 7);
    ctx.fill();
    ctx.fillRect(place * width - 0.5, 0, 1, tall);
  }
  ctx.fillStyle = soft;
  ctx.fillRect(at * width - 0.75, 0, 1.5, height);
}

/**
 * A caption's box with as many of its words as go in; all of them are in the tip and in the list.
 * @param {CanvasRenderingContext2D} ctx @param {Span} span
 * @param {{width: number, top: number, soft: string, text: string, mark: string, isOff: boolean}} look
 */
function caption(ctx, { from, until, text: words, cut }, { width, top, soft, text, mark, isOff }) {
  const [left, wide] = [from * width, Math.max(1.5, (until - from) * width - 1)];
  ctx.globalAlpha = isOff ? 0.12 : 0.25;
  ctx.fillStyle = soft;
  ctx.fillRect(left, top, wide, BOX);
  ctx.globalAlpha = isOff ? 0.5 : 1;
  if (wide >= WORDS_MIN) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, wide - 3, BOX);
    ctx.clip();
    ctx.fillStyle = text;
    ctx.font = '12px system-ui, sans-serif';
    ctx.textBaseline = 'middle';
    ctx.fillText(words, left + 4, top + BOX / 2 + 0.5);
    ctx.restore();
  }
  if (!cut) return;
  ctx.fillStyle = mark;
  ctx.fillRect(left + wide - 2, top, 3, BOX);
}
