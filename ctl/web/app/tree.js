// The tree of nodes, groups and programs: a list of rows of which only those in sight exist.

import * as actions from './actions.js';
import { Sparkline } from './chart.js';
import { attr, el, perFrame, text } from './dom.js';
import { activity, bytes, duration, percent, signs } from './format.js';

const states = ['FATAL', 'BACKOFF', 'UNKNOWN', 'STARTING', 'STOPPING', 'RUNNING', 'EXITED', 'STOPPED'];
const spare = 6; // rows above and below those in sight

/** The address of the page of a program. */
export function programAddress(node, name) {
  return node ? `#/node/${encodeURIComponent(node)}/program/${encodeURIComponent(name)}` : `#/program/${encodeURIComponent(name)}`;
}

export class TreeView {
  /** @param {import('./live.js').Live} live */
  constructor(live) {
    this.live = live;
    this.collapsed = new Set();
    this.state = ''; // only programs in this one
    this.items = [];
    this.rows = new Map(); // id → row in sight
    this.selected = '';
    this.filter = el('input', { type: 'search', id: 'filter', placeholder: 'Filter  /', 'aria-label': 'Filter by name, state or reason', input: () => this.rebuild() });
    this.chips = el('div.chips', { role: 'group', 'aria-label': 'Programs by state' });
    this.all = el('div.all', { role: 'group', 'aria-label': 'All programs' });
    this.inner = el('div.rows', { role: 'rowgroup' });
    this.list = el('div.list', { role: 'treegrid', 'aria-label': 'Programs', tabindex: 0, scroll: () => this.draw(), keydown: (e) => this.key(e), focusin: (e) => this.focused(e.target) }, heads(), this.inner);
    this.draw = perFrame(() => this.drawNow());
    this.empty = el('p.empty', { hidden: true });
    this.node = el('section.tree', { 'aria-labelledby': 'tree-title' }, el('h1.hidden', { id: 'tree-title' }, 'Programs'),
      el('div.tools', null, this.filter, this.chips, this.all), this.list, this.empty);
  }

  shown() {
    this.height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row')) || 40;
    this.stop = this.live.listen((kind, node) => this.heard(kind, node));
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.list);
    this.ticks = setInterval(() => this.draw(), 1000); // uptimes
    this.rebuild();
  }

  hidden() {
    this.stop();
    this.sizes.disconnect();
    clearInterval(this.ticks);
  }

  resized() {
    this.height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row')) || 40;
    this.draw();
  }

  heard(kind) {
    if (kind === 'tree' || kind === 'server') this.rebuild();
    else if (kind === 'programs') {
      if (this.filter.value || this.state) this.rebuild();
      else this.draw();
      this.count();
    } else if (kind === 'usage') this.draw();
  }

  /** Makes the list of all rows, whether they are in sight or not. */
  rebuild() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = (p) => (!this.state || p.state === this.state)
      && words.every((w) => p.namespec.toLowerCase().includes(w) || p.state.toLowerCase().includes(w) || p.reason.text.toLowerCase().includes(w));
    const several = this.live.nodes.size > 1;
    const filtered = words.length > 0 || this.state !== '';
    const items = [];
    for (const node of this.live.nodes.values()) {
      const at = items.length;
      if (several) items.push({ id: `n ${node.name}`, kind: 'node', node, level: 1 });
      if (several && this.collapsed.has(`n ${node.name}`)) continue;
      const level = several ? 2 : 1;
      for (const { group, depth } of nested(node.groups)) {
        const programs = filtered ? group.programs.filter(wanted) : group.programs;
        if (filtered && !programs.length) continue;
        const alone = group.programs.length === 1 && group.programs[0].namespec === group.name && !group.strategy && !group.parent;
        if (!alone) items.push({ id: `g ${node.name} ${group.name}`, kind: 'group', node, group, level: level + depth });
        if (!alone && this.collapsed.has(`g ${node.name} ${group.name}`)) continue;
        for (const program of programs) items.push({ id: `p ${node.name} ${program.namespec}`, kind: 'program', node, group, program, level: level + depth + (alone ? 0 : 1) });
      }
      if (several && filtered && items.length === at + 1) items.pop();
    }
    this.items = items;
    this.index = new Map(items.map((item, i) => [item.id, i]));
    this.empty.hidden = items.length > 0;
    this.empty.textContent = filtered ? 'No program fits the filter.' : 'There are no programs. Add one to the configuration and update.';
    this.count();
    this.draw();
  }

  count() {
    const counts = new Map();
    for (const node of this.live.nodes.values()) for (const [state, n] of node.counts) if (n) counts.set(state, (counts.get(state) || 0) + n);
    const chips = states.filter((s) => counts.get(s) || s === this.state);
    if (this.chipKey !== chips.join()) {
      this.chipKey = chips.join();
      this.chips.replaceChildren(...chips.map((s) => el('button', { type: 'button', class: `chip state ${s}`, 'data-state': s, 'aria-pressed': 'false', click: () => this.only(s) },
        el('span', { 'aria-hidden': 'true' }, signs[s]), ' ', el('b'), ` ${s.toLowerCase()}`)));
    }
    for (const chip of this.chips.children) {
      text(chip.querySelector('b'), String(counts.get(chip.dataset.state) || 0));
      attr(chip, 'aria-pressed', chip.dataset.state === this.state);
    }
    // Where there are several nodes each has these in its row.
    const may = this.live.nodes.size > 1 ? 'each' : this.live.may(this.live.local, 'operate');
    if (this.mayAll !== may) {
      this.mayAll = may;
      this.all.replaceChildren(...(may === 'each' ? [] : may ? [
        el('button', { type: 'button', click: () => actions.start('', ['*']) }, 'Start all'),
        el('button', { type: 'button', click: () => actions.restart('', ['*']) }, 'Restart all'),
        el('button', { type: 'button', class: 'danger', click: () => actions.stop('', ['*']) }, 'Stop all')] : [el('span.muted', null, 'read only')]));
    }
  }

  only(state) {
    this.state = this.state === state ? '' : state;
    this.rebuild();
  }

  /** Brings the rows in sight up to date. Rows that stay keep their elements, and so the focus. */
  drawNow() {
    if (!this.node.isConnected) return;
    this.inner.style.height = `${this.items.length * this.height}px`;
    attr(this.list, 'aria-rowcount', this.items.length + 1);
    const first = Math.max(0, Math.floor(this.list.scrollTop / this.height) - spare);
    const last = Math.min(this.items.length, Math.ceil((this.list.scrollTop + this.list.clientHeight) / this.height) + spare);
    const free = [];
    for (const [id, row] of this.rows) {
      const at = this.index.get(id);
      if (at === undefined || at < first || at >= last) {
        this.rows.delete(id);
        if (row.node.contains(document.activeElement)) row.node.remove();
        else free.push(row);
      }
    }
    for (let i = first; i < last; i++) {
      const item = this.items[i];
      let row = this.rows.get(item.id);
      if (!row) {
        row = take(free, item.kind) || new rowTypes[item.kind](this);
        this.rows.set(item.id, row);
        if (!row.node.isConnected) this.inner.append(row.node);
      }
      row.node.style.transform = `translateY(${i * this.height}px)`;
      attr(row.node, 'aria-rowindex', i + 2);
      attr(row.node, 'aria-level', item.level);
      row.node.style.setProperty('--level', item.level - 1);
      row.node.classList.toggle('selected', item.id === this.selected);
      attr(row.node, 'id', `row-${i}`);
      row.show(item);
    }
    for (const row of free) row.node.remove();
    const at = this.index.get(this.selected);
    attr(this.list, 'aria-activedescendant', at !== undefined && at >= first && at < last ? `row-${at}` : null);
  }

  toggle(id) {
    if (!this.collapsed.delete(id)) this.collapsed.add(id);
    this.rebuild();
  }

  select(i) {
    i = Math.max(0, Math.min(this.items.length - 1, i));
    if (!this.items[i]) return;
    this.selected = this.items[i].id;
    const top = i * this.height;
    const head = this.list.firstElementChild.offsetHeight;
    if (top < this.list.scrollTop) this.list.scrollTop = top;
    if (top + this.height + head > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = top + this.height + head - this.list.clientHeight;
    this.draw();
  }

  /** Selects the row that has got the focus, so that keys are about what people look at. */
  focused(target) {
    for (const [id, row] of this.rows) {
      if (id === this.selected || !row.node.contains(target)) continue;
      this.selected = id;
      this.draw();
    }
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || (e.target !== this.list && e.target.closest('button, a') && [' ', 'Enter'].includes(e.key))) return;
    const at = this.index.has(this.selected) ? this.index.get(this.selected) : -1;
    const item = this.items[at];
    const page = Math.max(1, Math.floor(this.list.clientHeight / this.height) - 2);
    const moves = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: this.items.length - 1 };
    if (e.key in moves) {
      this.list.focus({ preventScroll: true });
      this.select(moves[e.key]);
    } else if (!item) return;
    else if (e.key === 'Enter' && item.program) location.hash = programAddress(item.node.name, item.program.namespec);
    else if (e.key === 'Enter' || e.key === ' ') item.program || this.toggle(item.id);
    else if (e.key === 'ArrowLeft' && !item.program) this.collapsed.has(item.id) || this.toggle(item.id);
    else if (e.key === 'ArrowRight' && !item.program) this.collapsed.has(item.id) && this.toggle(item.id);
    else if ('sxr'.includes(e.key) && item.kind !== 'node' && this.live.may(item.node, 'operate')) {
      const names = [item.program ? item.program.namespec : `${item.group.name}:*`];
      ({ s: actions.start, x: actions.stop, r: actions.restart })[e.key](item.node.name, names);
    } else return;
    e.preventDefault();
  }
}

/** Groups in start order, those that are members of another one behind it, with how deep they are. */
function* nested(groups) {
  const inside = new Map();
  for (const g of groups) if (g.parent) inside.set(g.parent, [...(inside.get(g.parent) || []), g]);
  const known = new Set(groups.map((g) => g.name));
  function* below(group, depth) {
    yield { group, depth };
    for (const g of inside.get(group.name) || []) yield* below(g, depth + 1);
  }
  for (const g of groups) if (!g.parent || !known.has(g.parent)) yield* below(g, 0);
}

function take(free, kind) {
  const i = free.findIndex((row) => row.kind === kind);
  return i < 0 ? null : free.splice(i, 1)[0];
}

function heads() {
  return el('div.row.heads', { role: 'row', 'aria-rowindex': 1 }, ...['Name', 'State', 'What it does', 'Uptime', 'Restarts', 'CPU', 'Memory', 'Actions']
    .map((name) => el(`div.cell.${name === 'State' ? 'state-cell' : name.toLowerCase().split(' ')[0]}`, { role: 'columnheader' }, name)));
}

function button(label, sign, click, kind = '') {
  return el('button', { type: 'button', class: `sign ${kind}`, title: label, click }, el('span', { 'aria-hidden': 'true' }, sign));
}

/** The row of a program. */
class ProgramRow {
  constructor(view) {
    this.kind = 'program';
    this.view = view;
    this.link = el('a');
    this.badge = el('span.state');
    this.words = el('span.words');
    this.uptime = el('div.cell.uptime', { role: 'gridcell' });
    this.restarts = el('div.cell.restarts', { role: 'gridcell' });
    this.cpu = el('span.number');
    this.memory = el('span.number');
    this.cpuLine = new Sparkline(120);
    this.memoryLine = new Sparkline(120);
    const names = () => [this.item.program.namespec];
    this.start = button('Start', '▶', () => actions.start(this.item.node.name, names()));
    this.stop = button('Stop', '■', () => actions.stop(this.item.node.name, names()), 'danger');
    this.restart = button('Restart', '↻', () => actions.restart(this.item.node.name, names()));
    this.node = el('div.row.program', { role: 'row', click: (e) => this.clicked(e) },
      el('div.cell.name', { role: 'rowheader' }, this.link), el('div.cell.state-cell', { role: 'gridcell' }, this.badge), el('div.cell.what', { role: 'gridcell' }, this.words),
      this.uptime, this.restarts, el('div.cell.cpu', { role: 'gridcell' }, this.cpuLine.node, this.cpu), el('div.cell.memory', { role: 'gridcell' }, this.memoryLine.node, this.memory),
      el('div.cell.actions', { role: 'gridcell' }, this.start, this.restart, this.stop));
  }

  clicked(e) {
    if (!e.target.closest('a, button')) this.view.select(this.view.index.get(this.item.id));
  }

  show(item) {
    this.item = item;
    const p = item.program;
    text(this.link, p.namespec);
    attr(this.link, 'href', programAddress(item.node.name, p.namespec));
    attr(this.badge, 'class', `state ${p.state}${p.state === 'RUNNING' && !p.ready ? ' unready' : ''}`);
    text(this.badge, `${signs[p.state] || '?'} ${p.state.toLowerCase()}`);
    const words = activity(p);
    text(this.words, words);
    attr(this.words, 'title', words);
    text(this.uptime, p.pid && p.start ? duration((Date.now() - Date.parse(p.start)) / 1000) : '');
    text(this.restarts, p.restarts ? String(p.restarts) : '');
    const usage = item.node.usage.get(p.namespec);
    text(this.cpu, usage ? percent(usage.now.cpu) : '');
    text(this.memory, usage ? bytes(usage.now.memory) : '');
    const sample = usage ? usage.now : null;
    if (this.sample !== sample || this.of !== p) {
      this.sample = sample;
      this.of = p;
      this.cpuLine.show(usage ? usage.cpu : [], 10);
      this.memoryLine.show(usage ? usage.memory : [], 1e6);
    }
    const may = this.view.live.may(item.node, 'operate');
    const up = ['RUNNING', 'STARTING', 'BACKOFF'].includes(p.state);
    this.start.hidden = !may || up || p.state === 'STOPPING';
    this.stop.hidden = !may || !(up || p.wanted);
    this.restart.hidden = !may || p.state !== 'RUNNING';
    for (const [b, word] of [[this.start, 'Start'], [this.stop, 'Stop'], [this.restart, 'Restart']]) attr(b, 'aria-label', `${word} ${p.namespec}`);
  }
}

/** The row of a group. */
class GroupRow {
  constructor(view) {
    this.kind = 'group';
    this.view = view;
    this.arrow = el('button.arrow', { type: 'button', click: () => view.toggle(this.item.id) });
    this.name = el('span');
    this.words = el('span.words');
    const names = () => [`${this.item.group.name}:*`];
    this.start = button('Start', '▶', () => actions.start(this.item.node.name, names()));
    this.stop = button('Stop', '■', () => actions.stop(this.item.node.name, names()), 'danger');
    this.restart = button('Restart', '↻', () => actions.restart(this.item.node.name, names()));
    this.node = el('div.row.group', { role: 'row' }, el('div.cell.name', { role: 'rowheader' }, this.arrow, this.name), el('div.cell.what.wide', { role: 'gridcell' }, this.words),
      el('div.cell.actions', { role: 'gridcell' }, this.start, this.restart, this.stop));
  }

  show(item) {
    this.item = item;
    const g = item.group;
    const open = !this.view.collapsed.has(item.id);
    text(this.name, g.name);
    text(this.arrow, open ? '▾' : '▸');
    attr(this.arrow, 'aria-label', `${open ? 'Fold' : 'Unfold'} ${g.name}`);
    attr(this.node, 'aria-expanded', open);
    text(this.words, groupWords(g));
    attr(this.words, 'class', `words${g.budget && g.budget.gave_up ? ' bad' : ''}`);
    const may = this.view.live.may(item.node, 'operate');
    for (const [b, word] of [[this.start, 'Start'], [this.stop, 'Stop'], [this.restart, 'Restart']]) {
      b.hidden = !may;
      attr(b, 'aria-label', `${word} all of ${g.name}`);
    }
  }
}

/** How a group stands. Budgets refill by themselves: the time since they were told counts. */
function groupWords(g) {
  const up = g.programs.filter((p) => p.state === 'RUNNING').length;
  const words = [`${up} of ${g.programs.length} running`];
  if (g.listener) words.push('event listeners');
  if (g.strategy) words.push(g.strategy);
  const b = g.budget;
  if (b && b.intensity >= 0) {
    const passed = (Date.now() - (g.seen || Date.now())) / 1000;
    const refill = b.refill - passed;
    const used = b.refill && refill <= 0 ? Math.max(0, b.used - 1) : b.used;
    words.push(`${used} of ${b.intensity} restarts used in ${duration(b.period)}${used && refill > 0 ? `, one more in ${duration(refill)}` : ''}`);
  }
  if (b && b.gave_up) words.push('gave up');
  if (g.done) words.push('done');
  if (g.auto_shutdown && g.auto_shutdown !== 'never') words.push(`ends with ${g.auto_shutdown.replace('_', ' ')}`);
  return words.join(' · ');
}

/** The row of a node, where there are several. */
class NodeRow {
  constructor(view) {
    this.kind = 'node';
    this.view = view;
    this.arrow = el('button.arrow', { type: 'button', click: () => view.toggle(this.item.id) });
    this.name = el('span');
    this.words = el('span.words');
    this.start = button('Start all', '▶', () => actions.start(this.item.node.name, ['*']));
    this.stop = button('Stop all', '■', () => actions.stop(this.item.node.name, ['*']), 'danger');
    this.restart = button('Restart all', '↻', () => actions.restart(this.item.node.name, ['*']));
    this.node = el('div.row.node', { role: 'row' }, el('div.cell.name', { role: 'rowheader' }, this.arrow, this.name), el('div.cell.what.wide', { role: 'gridcell' }, this.words),
      el('div.cell.actions', { role: 'gridcell' }, this.start, this.restart, this.stop));
  }

  show(item) {
    this.item = item;
    const n = item.node;
    const open = !this.view.collapsed.has(item.id);
    const name = n.name || (n.server && n.server.node) || 'this supd';
    text(this.name, name);
    text(this.arrow, open ? '▾' : '▸');
    attr(this.arrow, 'aria-label', `${open ? 'Fold' : 'Unfold'} ${name}`);
    attr(this.node, 'aria-expanded', open);
    attr(this.node, 'class', `row node${n.error ? ' offline' : ''}`);
    text(this.words, n.error ? `offline: ${n.error}` : `supd ${n.server ? n.server.version : ''} · ${n.programs.size === 1 ? '1 program' : `${n.programs.size} programs`}`);
    const may = !n.error && this.view.live.may(n, 'operate');
    for (const [b, word] of [[this.start, 'Start'], [this.stop, 'Stop'], [this.restart, 'Restart']]) {
      b.hidden = !may;
      attr(b, 'aria-label', `${word} all programs of ${name}`);
    }
  }
}

const rowTypes = { program: ProgramRow, group: GroupRow, node: NodeRow };
