// What has happened, the last first, each with its reason and what has led to it.

import { el, perFrame } from './dom.js';
import { moment, signs } from './format.js';
import { programAddress } from './tree.js';

const rowsShown = 500;

/** One record as a row. The name stands in a column of its own, before the words, or not at all. */
export function recordRow({ node, record: r }, place) {
  const program = r.program && !r.program.endsWith(':*');
  const where = node ? `${node} ` : '';
  const name = program ? el('a', { href: programAddress(node, r.program) }, where + r.program) : where + (r.program || 'supd');
  const states = r.to ? el('span.change', null, el(`span.state.${r.to}`, null, `${signs[r.to] || '?'} ${r.to.toLowerCase()}`), el('span.hidden', null, ` was ${r.from.toLowerCase()}`)) : el(`span.state.note`, null, r.kind);
  return el('li.record', { 'data-seq': `${node} ${r.seq}` }, el('time', { datetime: r.at }, moment(r.at)), place === 'column' ? el('span.record-name', null, name) : null, states,
    el('span.words', null, ...(place === 'inline' ? [name, ': '] : []), r.reason.text, r.pid ? el('span.muted', null, ` pid ${r.pid}`) : null),
    r.cause ? el('button.quiet.because', { type: 'button', 'aria-label': `why: show what has led to it, record ${r.cause}`, 'data-cause': `${node} ${r.cause}` }, 'why') : null);
}

/** Shows the row that has led to another one. */
export function showCause(list, e) {
  const button = e.target.closest('[data-cause]');
  if (!button) return;
  for (const row of list.querySelectorAll('.record.marked')) row.classList.remove('marked');
  const cause = [...list.children].find((row) => row.dataset.seq === button.dataset.cause);
  if (cause) {
    cause.classList.add('marked');
    cause.scrollIntoView({ block: 'nearest' });
  } else {
    button.replaceWith(el('span.muted', null, 'longer ago'));
  }
}

export class TimelineView {
  constructor(live) {
    this.live = live;
    this.filter = el('input', { type: 'search', id: 'filter', placeholder: 'Filter  /', 'aria-label': 'Filter by name, state or reason', input: () => this.fill() });
    this.list = el('ol.records', { click: (e) => showCause(this.list, e) });
    this.empty = el('p.empty', null, 'Nothing that fits has happened.');
    this.node = el('section.timeline', { 'aria-labelledby': 'timeline-title' }, el('h1', { id: 'timeline-title' }, 'Timeline'), el('div.tools', null, this.filter), this.list, this.empty);
    this.news = [];
    this.draw = perFrame(() => {
      this.list.prepend(...this.news.splice(0).reverse().map((r) => recordRow(r, 'column')));
      while (this.list.children.length > rowsShown) this.list.lastChild.remove();
      this.empty.hidden = this.list.children.length > 0;
    });
  }

  shown() {
    this.stop = this.live.listen((kind, node, record) => {
      if (kind !== 'record' || !this.fits({ node: node.name, record })) return;
      this.news.push({ node: node.name, record });
      this.draw();
    });
    this.fill();
  }

  hidden() {
    this.stop();
  }

  fits({ node, record: r }) {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = `${node} ${r.program} ${r.from || ''} ${r.to || ''} ${r.kind} ${r.reason.text}`.toLowerCase();
    return words.every((w) => text.includes(w));
  }

  fill() {
    this.news = [];
    const rows = this.live.records.filter((r) => this.fits(r)).slice(-rowsShown).reverse();
    this.list.replaceChildren(...rows.map((r) => recordRow(r, 'column')));
    this.empty.hidden = rows.length > 0;
  }
}
