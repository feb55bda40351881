// What is known of all nodes, kept up to date by the live stream.

import { base } from './api.js';

const historyLength = 300; // old records a stream begins with; those that are known already do not count
const recordsKept = 2000;
const samplesKept = 120; // ten minutes, as samples come every five seconds
const sampleEvery = 5000;

/** One supd: its groups and programs by name, in order. */
export class Node {
  constructor(name) {
    this.name = name; // "" the one that serves this page
    this.server = null;
    this.error = ''; // why it is not there
    this.groups = []; // in start order
    this.programs = new Map(); // by namespec
    this.counts = new Map(); // programs by state
    this.usage = new Map(); // namespec → {cpu: [], memory: [], now}; null in a series: nobody looked
    this.sampledAt = 0;
  }

  tree(tree) {
    this.groups = tree.groups;
    const programs = new Map();
    this.counts = new Map();
    for (const group of this.groups) {
      group.seen = Date.now();
      for (const p of group.programs) {
        programs.set(p.namespec, p);
        this.count(p.state, 1);
      }
    }
    this.programs = programs;
    for (const name of this.usage.keys()) if (!programs.has(name)) this.usage.delete(name);
  }

  count(state, by) {
    this.counts.set(state, (this.counts.get(state) || 0) + by);
  }

  changed(programs) {
    for (const p of programs) {
      const known = this.programs.get(p.namespec);
      if (!known) continue;
      this.count(known.state, -1);
      this.count(p.state, 1);
      for (const key of Object.keys(known)) if (!(key in p)) delete known[key];
      Object.assign(known, p);
    }
  }

  regrouped(groups) {
    for (const g of groups) {
      const known = this.groups.find((k) => k.name === g.name);
      if (known) Object.assign(known, g, { programs: known.programs, seen: Date.now() });
    }
  }

  sampled(usage) {
    const missed = this.sampledAt ? Math.min(samplesKept, Math.round((Date.now() - this.sampledAt) / sampleEvery) - 1) : 0;
    this.sampledAt = Date.now();
    for (const name of this.usage.keys()) if (!usage.programs[name]) this.usage.delete(name);
    for (const [name, sample] of Object.entries(usage.programs)) {
      let u = this.usage.get(name);
      if (!u) this.usage.set(name, (u = { cpu: [], memory: [], now: sample }));
      u.now = sample;
      for (const [series, value] of [[u.cpu, sample.cpu], [u.memory, sample.memory]]) {
        if (series.length) for (let i = 0; i < missed; i++) series.push(null);
        series.push(value);
        series.splice(0, Math.max(0, series.length - samplesKept));
      }
    }
  }
}

/** All nodes. Listeners hear what has changed: "tree", "programs", "usage", "record", "server" or "connection". */
export class Live {
  constructor() {
    this.nodes = new Map([['', new Node('')]]);
    this.records = []; // {node, record}, the oldest first
    this.listeners = new Set();
    this.connected = false;
    this.lost = null; // since when there is no connection any more
    this.instance = '';
    this.lastRecord = '';
  }

  get local() {
    return this.nodes.get('');
  }

  /** Calls f(kind, node, data) from now on; the answer ends that. */
  listen(f) {
    this.listeners.add(f);
    return () => this.listeners.delete(f);
  }

  tell(kind, node, data) {
    for (const f of [...this.listeners]) f(kind, node, data);
  }

  start() {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.close();
      else if (!this.source) this.open();
    });
    if (!document.hidden) this.open();
  }

  close() {
    if (this.source) this.source.close();
    this.source = null;
    clearTimeout(this.again);
  }

  open() {
    this.close();
    const source = new EventSource(`${base('')}/live?usage=true&nodes=all&history=${historyLength}`);
    this.source = source;
    source.onopen = () => this.connection(true);
    source.onerror = () => {
      this.connection(false);
      // The browser tries again by itself unless the answer was no stream, as while supd starts or after a changed password.
      if (source.readyState === EventSource.CLOSED && this.source === source) {
        this.source = null;
        this.again = setTimeout(() => this.open(), 3000);
      }
    };
    for (const kind of ['hello', 'tree', 'programs', 'groups', 'record', 'server', 'usage']) {
      source.addEventListener(kind, (e) => this.take('', kind, JSON.parse(e.data)));
    }
    source.addEventListener('remote', (e) => {
      const { node, event, data } = JSON.parse(e.data);
      this.take(node, event, data);
    });
  }

  connection(up) {
    if (this.connected === up) return;
    this.connected = up;
    this.lost = up ? null : new Date();
    this.tell('connection', this.local);
  }

  /** Takes an event of a node. */
  take(name, kind, data) {
    let node = this.nodes.get(name);
    if (!node) this.nodes.set(name, (node = new Node(name)));
    switch (kind) {
      case 'hello':
        this.greeted(node, data);
        break;
      case 'tree':
        node.error = '';
        node.tree(data);
        this.tell('tree', node);
        break;
      case 'programs':
        node.changed(data);
        this.tell('programs', node, data);
        break;
      case 'groups':
        node.regrouped(data);
        this.tell('programs', node, []);
        break;
      case 'record':
        this.record(node, data);
        break;
      case 'server':
        if (node.server) node.server.state = data.state;
        this.tell('server', node);
        break;
      case 'usage':
        node.sampled(data);
        this.tell('usage', node, data);
        break;
      case 'offline':
        node.error = data.error || 'it cannot be reached';
        node.tree({ groups: [] });
        this.tell('tree', node);
        break;
    }
  }

  greeted(node, server) {
    if (node.name === '' && node.server && node.server.version !== server.version) this.tell('outdated', node);
    if (node.server && node.server.instance !== server.instance) this.records = this.records.filter((r) => r.node !== node.name || r.record.seq < 0);
    node.server = server;
    if (node.name === '') {
      for (const other of this.nodes.keys()) if (other && !server.nodes.includes(other)) this.nodes.delete(other);
      for (const other of server.nodes) {
        if (!this.nodes.has(other)) {
          const remote = new Node(other);
          remote.error = 'connecting …';
          this.nodes.set(other, remote);
        }
      }
    }
    this.tell('server', node);
  }

  record(node, record) {
    const last = this.records.findLast((r) => r.node === node.name);
    if (last && last.record.seq >= record.seq) return; // it was told again
    const missed = last ? record.seq - Math.ceil(last.record.seq) - 1 : 0; // they are numbered without gaps
    if (missed > 0) {
      const text = `${missed} record${missed === 1 ? '' : 's'} missing here: more has happened while this page was not connected than supd was asked for`;
      this.push(node, { seq: record.seq - 0.5, at: record.at, kind: 'missed', program: '', reason: { code: 'missed', text } });
    }
    this.push(node, record);
  }

  push(node, record) {
    this.records.push({ node: node.name, record });
    if (this.records.length > recordsKept) this.records.splice(0, this.records.length - recordsKept);
    this.tell('record', node, record);
  }

  /** Whether the user may do what needs a role. */
  may(node, role) {
    const rank = { read: 1, operate: 2, admin: 3 };
    const mine = this.local.server ? rank[this.local.server.role] : 0;
    const theirs = node.server ? rank[node.server.role] : 0;
    return Math.min(mine, theirs) >= rank[role];
  }
}
