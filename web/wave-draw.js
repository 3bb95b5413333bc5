// One track as a picture: a waveform with captions and markers under it. Pure: drawn from what it is told.

/** Room under the wave for captions. */
const LANE = 14;

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
 * @param {CanvasRenderingContext2D} ctx
 * @param {{width: number, height: number, peaks: number[], spans: [number, number][], markers: number[], at: number,
 *   color: string, soft: string, mark: string, isOff: boolean}} look Places are shares of the track, 0 to 1.
 */
export function drawWave(ctx, { width, height, peaks, spans, markers, at, color, soft, mark, isOff }) {
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
  ctx.globalAlpha = isOff ? 0.3 : 0.9;
  ctx.fillStyle = soft;
  for (const [from, until] of spans) ctx.fillRect(from * width, tall + 4, Math.max(1.5, (until - from) * width - 1), 5);
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
