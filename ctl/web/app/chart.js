// Small charts, as SVG.

import { el, svg } from './dom.js';

/** Points of a line through values, the last one at the right edge. */
function points(values, width, height, top, slots) {
  const step = width / Math.max(1, slots - 1);
  return values.map((v, i) => `${(width - (values.length - 1 - i) * step).toFixed(1)},${(height - (Math.min(v, top) / top) * height).toFixed(1)}`).join(' ');
}

/** A line without axes, of one row of the table. */
export class Sparkline {
  constructor(slots) {
    this.slots = slots;
    this.line = svg('polyline', { class: 'spark-line' });
    this.node = svg('svg', { class: 'spark', viewBox: '0 0 60 18', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, this.line);
  }

  show(values, least) {
    this.line.setAttribute('points', values.length > 1 ? points(values, 60, 17, Math.max(least, ...values), this.slots) : '');
  }
}

/** A chart with its scale, of one program. */
export class Chart {
  /** @param {string} title @param {(n: number) => string} format @param {number} least what the scale ends at, at least */
  constructor(title, format, least) {
    this.format = format;
    this.least = least;
    this.area = svg('polygon', { class: 'chart-area' });
    this.line = svg('polyline', { class: 'chart-line' });
    this.now = el('strong');
    this.top = el('span.muted');
    this.node = el('figure.chart', null,
      el('figcaption', null, title, ' ', this.now),
      svg('svg', { viewBox: '0 0 300 60', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, this.area, this.line),
      el('div.chart-scale', null, el('span.muted', null, 'ten minutes'), this.top));
  }

  show(values, slots) {
    const top = Math.max(this.least, ...values);
    const line = values.length > 1 ? points(values, 300, 58, top, slots) : '';
    this.line.setAttribute('points', line);
    const first = line.slice(0, line.indexOf(','));
    this.area.setAttribute('points', line ? `${first},60 ${line} 300,60` : '');
    this.now.textContent = values.length ? this.format(values[values.length - 1]) : 'not sampled yet';
    this.top.textContent = values.length ? `top ${this.format(Math.max(...values))}` : '';
  }
}
