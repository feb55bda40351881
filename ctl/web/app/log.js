// The live log of a program: both streams, the last lines of them.

import { plain, render } from './ansi.js';
import { programPath } from './api.js';
import { el, perFrame, text } from './dom.js';

const linesKept = 5000;
const longest = 20000; // characters of a line until the rest stands in another one

/* eslint-disable-next-line no-control-regex */
const unfinished = /\x1b(?:\[[0-9;:]{0,50}|\][^\x07\x1b\n]{0,500})?$/; // the begin of an escape sequence whose end is still to come

export class LogView {
  constructor(node, program) {
    this.path = programPath(node, program.namespec);
    this.waiting = []; // lines to be drawn
    this.styles = { stdout: plain(), stderr: plain() };
    this.open = { stdout: null, stderr: null }; // the last line of a stream, while it has no end
    this.held = { stdout: '', stderr: '' };
    this.lines = 0;
    this.draw = perFrame(() => this.drawNow());
    this.follow = el('input', { type: 'checkbox', checked: true, change: () => this.draw() });
    this.wrap = el('input', { type: 'checkbox', change: () => this.text.classList.toggle('wrap', this.wrap.checked) });
    this.search = el('input', { type: 'search', placeholder: 'Search', 'aria-label': 'Search the log', input: () => this.searched() });
    this.found = el('span.muted', { role: 'status' });
    this.only = el('select', { 'aria-label': 'Streams', change: () => this.chosen() }, el('option', { value: '' }, 'both streams'), el('option', { value: 'stdout' }, 'stdout'), el('option', { value: 'stderr' }, 'stderr'));
    this.note = el('span.muted', { role: 'status' });
    this.text = el('div.log', { role: 'log', tabindex: 0, 'aria-label': `Log of ${program.namespec}`, 'aria-live': 'off', scroll: () => this.scrolled() });
    const get = (stream, words) => el('a', { href: `${this.path}/logs/${stream}?download=true`, download: '' }, words);
    this.node = el('section.panel.logs', { 'aria-labelledby': 'log-title' }, el('div.panel-head', null, el('h2', { id: 'log-title' }, 'Log'), this.only, this.search, this.found,
      el('label', null, this.follow, ' follow'), el('label', null, this.wrap, ' wrap'), this.note,
      el('span.downloads', null, 'download ', get('stdout', 'stdout'), program.stderr ? [' ', get('stderr', 'stderr')][1] : null)), this.text);
    this.listen();
  }

  listen() {
    const source = new EventSource(`${this.path}/logs/both?follow=true&lines=500`);
    this.source = source;
    source.onopen = () => this.clear();
    source.addEventListener('log', (e) => {
      const { stream, text: words } = JSON.parse(e.data);
      text(this.note, '');
      this.take(stream, words);
    });
    source.addEventListener('truncated', (e) => this.take(JSON.parse(e.data).stream, '\u2014 the log was emptied or replaced \u2014\n'));
    source.addEventListener('missing', () => {
      if (!this.lines) text(this.note, 'there is no log yet');
    });
    source.onerror = () => {
      text(this.note, 'not connected');
      if (source.readyState === EventSource.CLOSED && !this.ended) setTimeout(() => this.ended || this.listen(), 3000); // the browser does not try again
    };
  }

  close() {
    this.ended = true;
    this.source.close();
  }

  clear() {
    text(this.note, '');
    this.waiting = [];
    this.text.replaceChildren();
    this.lines = 0;
    this.open = { stdout: null, stderr: null };
    this.held = { stdout: '', stderr: '' };
    this.styles = { stdout: plain(), stderr: plain() };
  }

  /** Takes what was written. */
  take(stream, words) {
    words = this.held[stream] + words;
    const cut = words.match(unfinished);
    this.held[stream] = cut ? cut[0] : '';
    if (cut) words = words.slice(0, cut.index);
    const parts = words.split('\n');
    const last = parts.pop();
    const add = (part, ends) => {
      for (; part.length > longest; part = part.slice(longest)) this.waiting.push({ stream, part: part.slice(0, longest), ends: false });
      this.waiting.push({ stream, part, ends });
    };
    for (const part of parts) add(part, true);
    if (last) add(last, false);
    if (this.waiting.length > 2 * linesKept) this.waiting.splice(0, this.waiting.length - linesKept); // a tab that was not drawn for long
    this.draw();
  }

  drawNow() {
    const atEnd = this.follow.checked;
    const news = document.createDocumentFragment();
    const pattern = this.search.value.toLowerCase();
    for (const { stream, part, ends } of this.waiting) {
      let line = this.open[stream];
      if (!line || line.length >= longest) {
        line = el(`div.line.${stream}`);
        line.length = 0;
        news.append(line);
        this.lines++;
      }
      line.length += part.length;
      render(part === '' ? line : line.appendChild(el('span')), part, this.styles[stream]);
      if (pattern) line.classList.toggle('other', !line.textContent.toLowerCase().includes(pattern));
      this.open[stream] = ends ? null : line;
    }
    this.waiting = [];
    this.text.append(news);
    while (this.lines > linesKept && this.text.firstChild) {
      const first = this.text.firstChild;
      for (const stream in this.open) if (this.open[stream] === first) this.open[stream] = null; // it goes on in a new line
      first.remove();
      this.lines--;
    }
    if (pattern) this.tellFound();
    if (atEnd) this.text.scrollTop = this.text.scrollHeight;
  }

  /** Whoever scrolls up stops following, whoever scrolls to the end goes on. */
  scrolled() {
    const end = this.text.scrollHeight - this.text.clientHeight;
    if (this.text.scrollTop < end - 40 && this.text.scrollTop < (this.top || 0)) this.follow.checked = false;
    else if (this.text.scrollTop >= end - 2) this.follow.checked = true;
    this.top = this.text.scrollTop;
  }

  searched() {
    const pattern = this.search.value.toLowerCase();
    for (const line of this.text.children) line.classList.toggle('other', pattern !== '' && !line.textContent.toLowerCase().includes(pattern));
    this.tellFound();
  }

  tellFound() {
    const found = this.search.value ? this.text.querySelectorAll('.line:not(.other)').length : -1;
    text(this.found, found < 0 ? '' : found === 1 ? '1 line' : `${found} lines`);
  }

  chosen() {
    this.text.classList.remove('only-stdout', 'only-stderr');
    if (this.only.value) this.text.classList.add(`only-${this.only.value}`);
  }
}
