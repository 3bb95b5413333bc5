// `<track-wave>`: sizes its canvas and redraws when asked.
import { drawWave } from './wave-draw.js';

export class TrackWave extends HTMLElement {
  /** @type {Parameters<typeof drawWave>[1]} */
  look = { width: 0, height: 0, peaks: [], spans: [], strikes: [], markers: [], at: 0, color: '#888888', soft: '#888888', text: '#888888',
    mark: '#888888', isOff: false };

  connectedCallback() {
    if (this.firstChild) return;
    const canvas = document.createElement('canvas');
    canvas.setAttribute('aria-hidden', 'true');
    this.append(canvas);
    this.canvas = canvas;
    new ResizeObserver(() => this.draw()).observe(this);
    // What is said there, for whoever points at it.
    this.addEventListener('pointermove', ({ offsetX }) => {
      const share = offsetX / this.clientWidth;
      const span = this.look.spans.find(({ from, until }) => from <= share && share <= until);
      const tip = span ? `${span.text}${span.cut ? ' (cut off)' : ''}${span.struck ? ' (struck)' : ''}` : '';
      if (this.title !== tip) this.title = tip;
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  draw() {
    const { canvas } = this;
    const ctx = canvas?.getContext('2d');
    if (!canvas || !ctx) return;
    const style = getComputedStyle(this);
    const [width, height] = [this.clientWidth, this.clientHeight];
    const scale = Math.min(2, devicePixelRatio || 1);
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    Object.assign(this.look, { width, height, color: style.getPropertyValue('--voice').trim(),
      soft: style.getPropertyValue('--soft').trim(), text: style.getPropertyValue('--text').trim(), mark: style.getPropertyValue('--rec').trim() });
    drawWave(ctx, this.look);
  }
}

customElements.define('track-wave', TrackWave);
