// The page of one program.

import * as actions from './actions.js';
import { get, programPath } from './api.js';
import { Chart } from './chart.js';
import { attr, el, perFrame, text } from './dom.js';
import { activity, bytes, duration, moment, percent, signs } from './format.js';
import { LogView } from './log.js';
import { recordRow, showCause } from './timeline.js';
import { programAddress } from './tree.js';

// Requests after which a program may have other options.
const changesOptions = new Set(['update', 'group-added']);

export class ProgramView {
  constructor(live, nodeName, name) {
    this.live = live;
    this.nodeName = nodeName;
    this.name = name;
    this.badge = el('span.state');
    this.words = el('span.words');
    this.facts = el('dl.facts');
    this.needs = el('ul.needs');
    const names = [name];
    const make = (label, click, kind) => el(kind ? `button.${kind}` : 'button', { type: 'button', click: () => click(nodeName, names) }, label);
    this.buttons = { start: make('Start', actions.start, 'go'), restart: make('Restart', actions.restart), stop: make('Stop', actions.stop, 'danger'), signal: make('Signal …', actions.signal), clear: make('Clear log …', actions.clearLogs), whatIf: make('What if …', actions.whatIf) };
    this.cpu = new Chart('CPU', percent, 10);
    this.memory = new Chart('Memory', bytes, 1e6);
    this.why = el('ol.records', { click: (e) => showCause(this.why, e) });
    this.lives = el('div');
    this.config = el('div');
    this.gone = el('p.empty', { hidden: true }, 'There is no such program.');
    this.body = el('div.program-body');
    this.node = el('article.program-page', { 'aria-labelledby': 'program-title' },
      el('div.program-head', null, el('a.back', { href: '#/' }, '‹ Programs'), el('h1', { id: 'program-title' }, nodeName ? `${nodeName} ${name}` : name), this.badge, this.words, el('div.buttons', null, ...Object.values(this.buttons))),
      this.gone, this.body);
    this.draw = perFrame(() => this.show());
    this.refresh = late(300, () => this.load());
  }

  get program() {
    const node = this.live.nodes.get(this.nodeName);
    return node && node.programs.get(this.name);
  }

  shown() {
    this.stop = this.live.listen((kind, node, data) => {
      if (node && node.name !== this.nodeName) return;
      if (kind === 'usage') this.usage(data);
      else if (kind === 'record') {
        if (data.program === this.name || data.kind === 'request' && changesOptions.has(data.reason.code)) this.refresh();
      } else if (kind !== 'programs' || data.some((p) => p.namespec === this.name || (this.program && (this.program.needs || []).some((n) => n.program === p.namespec)))) this.draw();
    });
    this.ticks = setInterval(() => this.draw(), 1000);
    this.show();
  }

  hidden() {
    this.stop();
    clearInterval(this.ticks);
    this.refresh.cancel();
    if (this.log) this.log.close();
  }

  show() {
    const p = this.program;
    const known = this.live.local.server !== null && this.live.nodes.get(this.nodeName).groups.length > 0;
    this.gone.hidden = Boolean(p) || !known;
    this.body.hidden = !p;
    this.badge.hidden = this.words.hidden = !p;
    if (!p) {
      for (const button of Object.values(this.buttons)) button.hidden = true;
      return;
    }
    if (!this.log) this.build(p);
    attr(this.badge, 'class', `state ${p.state}${p.state === 'RUNNING' && !p.ready ? ' unready' : ''}`);
    text(this.badge, `${signs[p.state] || '?'} ${p.state.toLowerCase()}`);
    text(this.words, activity(p));
    this.showFacts(p);
    const may = this.live.may(this.live.nodes.get(this.nodeName), 'operate');
    const up = ['RUNNING', 'STARTING', 'BACKOFF'].includes(p.state);
    const b = this.buttons;
    b.start.hidden = !may || up || p.state === 'STOPPING';
    b.restart.hidden = !may || p.state !== 'RUNNING';
    b.stop.hidden = !may || !(up || p.wanted);
    b.signal.hidden = !may || !p.pid;
    b.clear.hidden = !may;
    b.whatIf.hidden = false;
  }

  showFacts(p) {
    const facts = [['pid', p.pid || 'none'], ['uptime', p.pid && p.start ? duration((Date.now() - Date.parse(p.start)) / 1000) : '–'], ['restarts', p.restarts], ['life', p.life || 'never started'],
      ['ready', p.ready ? 'yes' : p.unhealthy ? 'unhealthy' : 'no']];
    if (!p.pid && p.stop) facts.push(['ended', moment(p.stop)]);
    if (p.exit_signal) facts.push(['ended by', p.exit_signal]);
    else if (p.stop) facts.push(['exit status', `${p.exit_status}${p.state === 'EXITED' ? (p.expected ? ' (expected)' : ' (unexpected)') : ''}`]);
    if (p.failures) facts.push(['failed starts', p.failures]);
    if (p.next_run) facts.push(['next run', moment(p.next_run)]);
    const key = JSON.stringify(facts);
    if (this.factsKey !== key) {
      this.factsKey = key;
      this.facts.replaceChildren(...facts.map(([name, value]) => el('div', null, el('dt', null, name), el('dd', null, String(value)))));
    }
    const needs = JSON.stringify(p.needs || []);
    if (this.needsKey !== needs) {
      this.needsKey = needs;
      this.needs.replaceChildren(...(p.needs || []).map((n) => el('li', null, el(`span.state.${n.met ? 'RUNNING' : 'FATAL'}`, null, n.met ? '✓ met' : '✕ not met'), ' needs ',
        el('a', { href: programAddress(this.nodeName, n.program) }, n.program), ` ${n.condition}`, n.state ? '' : ' (there is no such program)')));
    }
  }

  build(p) {
    this.log = new LogView(this.nodeName, p);
    const panel = (title, ...content) => el('section.panel', null, el('div.panel-head', null, el('h2', null, title)), ...content);
    this.body.replaceChildren(el('div.columns', null, el('div.column', null, panel('Now', this.facts, this.needs, el('div.charts', null, this.cpu.node, this.memory.node)), panel('Why', this.why)),
      el('div.column.wide', null, this.log.node)), panel('Lives', this.lives), panel('Configuration', this.config));
    this.load();
    get(`${programPath(this.nodeName, this.name)}/usage`).then((h) => {
      this.samples = { cpu: h.cpu, memory: h.memory };
      this.showUsage();
    }, () => {});
  }

  usage(u) {
    if (!this.samples) return;
    const sample = u.programs[this.name];
    if (!sample) return;
    this.samples.cpu.push(sample.cpu);
    this.samples.memory.push(sample.memory);
    for (const list of [this.samples.cpu, this.samples.memory]) if (list.length > 120) list.shift();
    this.showUsage();
  }

  showUsage() {
    this.cpu.show(this.samples.cpu, 120);
    this.memory.show(this.samples.memory, 120);
  }

  async load() {
    const path = programPath(this.nodeName, this.name);
    try {
      const [why, lives, config] = await Promise.all([get(`${path}/why`), get(`${path}/lives`), get(`${path}/config`)]);
      this.why.replaceChildren(...why.chain.map((record) => recordRow({ node: this.nodeName, record }, record.program === this.name ? '' : 'inline')));
      if (!why.complete) this.why.append(el('li.muted', null, 'what came before is not kept any more'));
      this.lives.replaceChildren(lives.length ? livesTable(lives) : el('p.muted', null, 'It was never started.'));
      const key = JSON.stringify(config);
      if (this.configKey !== key) {
        this.configKey = key;
        this.config.replaceChildren(options(config));
      }
    } catch (error) {
      this.lives.replaceChildren(el('p.muted', null, error.message));
    }
  }
}

/** Calls f some time after the last time it was asked to. */
function late(ms, f) {
  let timer = 0;
  const ask = () => {
    clearTimeout(timer);
    timer = setTimeout(f, ms);
  };
  ask.cancel = () => clearTimeout(timer);
  return ask;
}

function livesTable(lives) {
  const head = el('tr', null, ...['Life', 'Pid', 'Began', 'Ran', 'How it ended', 'Why', 'CPU', 'Peak memory', 'Last output'].map((h) => el('th', { scope: 'col' }, h)));
  const rows = lives.map((l) => {
    const output = [l.stdout, l.stderr].filter(Boolean).join('\n');
    return el('tr', null, el('th', { scope: 'row' }, String(l.number)), el('td', null, l.pid ? String(l.pid) : '–'), el('td', null, moment(l.start)),
      el('td', null, l.end ? duration((Date.parse(l.end) - Date.parse(l.start)) / 1000) : ''), el('td', null, l.end ? `${l.exit}${l.core ? ', core dumped' : ''}` : 'it runs'), el('td', null, l.reason.text),
      el('td', null, l.end ? `${(l.user + l.system).toFixed(1)} s` : ''), el('td', null, l.max_rss ? bytes(l.max_rss) : ''),
      el('td', null, output ? el('details', null, el('summary', null, 'show'), el('pre', { tabindex: 0 }, output)) : ''));
  });
  return el('div.scroll', { tabindex: 0, role: 'region', 'aria-label': 'Lives' }, el('table', null, el('thead', null, head), el('tbody', null, ...rows)));
}

function options(c) {
  const row = (o) => el('tr', { class: o.default ? 'default' : '' }, el('th', { scope: 'row' }, o.name), el('td', null, el('code', null, o.secret ? '(not shown)' : o.value)), el('td.muted', null, o.default ? 'default' : `${o.file}:${o.line}`));
  const given = c.options.filter((o) => !o.default);
  const rest = c.options.filter((o) => o.default);
  const table = (rows, label) => el('div.scroll', { tabindex: 0, role: 'region', 'aria-label': label }, el('table.options', null, el('thead.hidden', null, el('tr', null, ...['Option', 'Value', 'Where'].map((h) => el('th', { scope: 'col' }, h)))), el('tbody', null, ...rows.map(row))));
  return el('div', null, el('p.muted', null, `[${c.section}] in ${c.file}, line ${c.line}`), table(given, 'Options'), el('details', null, el('summary', null, `${rest.length} options as they are by default`), table(rest, 'Defaults')));
}
