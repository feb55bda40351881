// What would change, and the whole supd.

import * as actions from './actions.js';
import { base, get } from './api.js';
import { el } from './dom.js';

export class ConfigView {
  constructor(live) {
    this.live = live;
    this.body = el('div');
    this.node = el('section.config', { 'aria-labelledby': 'config-title' }, el('h1', { id: 'config-title' }, 'Configuration'), this.body);
  }

  shown() {
    this.stop = this.live.listen((kind) => {
      if (kind === 'server' || kind === 'tree') this.fill();
    });
    this.fill();
  }

  hidden() {
    this.stop();
  }

  fill() {
    this.body.replaceChildren(...[...this.live.nodes.values()].map((node) => this.panel(node)));
  }

  panel(node) {
    const s = node.server;
    const name = node.name || (s && s.node) || 'this supd';
    const plan = el('div', null, el('p.muted', null, node.error ? `offline: ${node.error}` : 'One moment …'));
    const admin = this.live.may(node, 'admin');
    if (s && !node.error) get(`${base(node.name)}/config/plan`).then((steps) => plan.replaceChildren(planned(steps)), (error) => plan.replaceChildren(el('p.bad', null, error.message)));
    return el('section.panel', null, el('div.panel-head', null, el('h2', null, name)),
      s ? el('dl.facts', null, ...[['version', s.version], ['pid', s.pid], ['state', s.state], ['file', s.config_file], ['identifier', s.identifier], ['you are', `${s.user || 'anybody'} (${s.role})`]]
        .map(([k, v]) => el('div', null, el('dt', null, k), el('dd', null, String(v))))) : null,
      el('h3', null, 'What an update would do'), plan,
      admin ? el('div.buttons', null, el('button', { type: 'button', click: () => actions.update(node.name).then(() => this.fill()) }, 'Reread and update …'),
        el('button', { type: 'button', click: () => actions.server(node.name, 'restart', name) }, 'Restart supd …'),
        el('button.danger', { type: 'button', click: () => actions.server(node.name, 'shutdown', name) }, 'Shut down supd …')) : el('p.muted', null, 'You may look, but not change it.'));
  }
}

function planned(steps) {
  if (!steps.length) return el('p.muted', null, 'Nothing: the files say what is at work.');
  return actions.stepList(steps);
}
