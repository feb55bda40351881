// Small charts, as SVG.

import { el, svg } from './dom.js';

/** Lines through values, the last one at the right edge, as lists of points. One ends where there is no value. */
function lines(values, width, height, top, slots) {
  const step = width / Math.max(1, slots - 1);
  const all = [[]];
  values.forEach((v, i) => {
    if (v === null) {
      if (all[all.length - 1].length) all.push([]);
      return;
    }
    all[all.length - 1].push(`${(width - (values.length - 1 - i) * step).toFixed(1)},${(height - (Math.min(v, top) / top) * height).toFixed(1)}`);
  });
  return all.filter((line) => line.length > 1);
}

const stroke = (all) => all.map((line) => `M${line.join('L')}`).join('');

/** A line without axes, of one row of the table. */
export class Sparkline {
  constructor(slots) {
    this.slots = slots;
    this.line = svg('path', { class: 'spark-line' });
    this.node = svg('svg', { class: 'spark', viewBox: '0 0 60 18', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, this.line);
  }

  show(values, least) {
    this.line.setAttribute('d', stroke(lines(values, 60, 17, Math.max(least, ...values), this.slots)));
  }
}

/** A chart with its scale, of one program. */
export class Chart {
  /** @param {string} title @param {(n: number) => string} format @param {number} least what the scale ends at, at least */
  constructor(title, format, least) {
    this.format = format;
    this.least = least;
    this.area = svg('path', { class: 'chart-area' });
    this.line = svg('path', { class: 'chart-line' });
    this.now = el('strong');
    this.top = el('span.muted');
    this.node = el('figure.chart', null,
      el('figcaption', null, title, ' ', this.now),
      svg('svg', { viewBox: '0 0 300 60', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, this.area, this.line),
      el('div.chart-scale', null, el('span.muted', null, 'ten minutes'), this.top));
  }

  show(values, slots) {
    const top = Math.max(this.least, ...values);
    const all = lines(values, 300, 58, top, slots);
    const at = (point) => point.slice(0, point.indexOf(','));
    this.line.setAttribute('d', stroke(all));
    this.area.setAttribute('d', all.map((line) => `M${at(line[0])},60L${line.join('L')}L${at(line[line.length - 1])},60Z`).join(''));
    this.now.textContent = values.length ? this.format(values[values.length - 1]) : 'not sampled yet';
    this.top.textContent = values.length ? `top ${this.format(Math.max(...values))}` : '';
  }
}
