// The page: which view is shown, keys, the theme, and whether supd is there.

import { ConfigView } from './config.js';
import { open, tell } from './dialog.js';
import { el, text } from './dom.js';
import { moment } from './format.js';
import { Live } from './live.js';
import { ProgramView } from './program.js';
import { TimelineView } from './timeline.js';
import { TreeView } from './tree.js';

const live = new Live();
const main = document.getElementById('view');
const tree = new TreeView(live);
let current = null;

/** The view of an address: #/, #/timeline, #/config, #/program/NAME, #/node/NODE/program/NAME. */
function viewOf(hash) {
  const parts = hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  if (parts[0] === 'timeline') return new TimelineView(live);
  if (parts[0] === 'config') return new ConfigView(live);
  if (parts[0] === 'program') return new ProgramView(live, '', parts[1] || '');
  if (parts[0] === 'node' && parts[2] === 'program') return new ProgramView(live, parts[1], parts[3] || '');
  return tree;
}

function navigate() {
  if (current) current.hidden();
  current = viewOf(location.hash);
  main.replaceChildren(current.node);
  current.shown();
  const view = current === tree ? 'tree' : current instanceof TimelineView ? 'timeline' : current instanceof ConfigView ? 'config' : '';
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = current instanceof ProgramView ? `${current.name} – supd` : `supd${live.local.server ? ` on ${live.local.server.node}` : ''}`;
}

const keys = [['/', 'filter'], ['j k, arrows', 'move'], ['Enter', 'open a program, fold a group'], ['← →', 'fold and unfold'], ['s', 'start what is selected'], ['x', 'stop it'], ['r', 'restart it'],
  ['p', 'programs'], ['t', 'timeline'], ['c', 'configuration'], ['Esc', 'back to the programs'], ['?', 'this help']];

function help() {
  return open('Keys', [el('dl.keys', null, ...keys.map(([key, what]) => el('div', null, el('dt', null, el('kbd', null, key)), el('dd', null, what))))], [el('button', { value: '', autofocus: true }, 'Close')]);
}

document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector('dialog[open]')) return;
  const typing = e.target.closest('input, select, textarea');
  if (e.key === 'Escape' && typing) {
    typing.blur();
    if (current === tree) tree.list.focus();
  } else if (typing) return;
  else if (e.key === '/') document.getElementById('filter')?.focus();
  else if (e.key === '?') help();
  else if (e.key === 'Escape' || e.key === 'p') location.hash = '#/';
  else if (e.key === 't') location.hash = '#/timeline';
  else if (e.key === 'c') location.hash = '#/config';
  else if (current === tree && !tree.list.contains(document.activeElement) && ['j', 'k', 'ArrowDown', 'ArrowUp'].includes(e.key)) {
    tree.list.focus();
    tree.key(e);
    return;
  } else return;
  e.preventDefault();
});

const themes = ['', 'light', 'dark'];
function theme(name) {
  document.documentElement.dataset.theme = name;
  document.getElementById('theme').setAttribute('aria-label', `Theme: ${name || 'that of the system'}`);
}
document.getElementById('theme').addEventListener('click', () => {
  const next = themes[(themes.indexOf(localStorage.getItem('theme') || '') + 1) % themes.length];
  localStorage.setItem('theme', next);
  theme(next);
});
theme(localStorage.getItem('theme') || '');
document.getElementById('help').addEventListener('click', help);

live.listen((kind, node) => {
  const connection = document.getElementById('connection');
  if (kind === 'outdated') tell('supd is another version by now. Load the page again to get what belongs to it.');
  if (kind !== 'server' && kind !== 'connection') return;
  const server = live.local.server;
  text(connection, !live.connected ? `not connected${live.lost ? ` since ${moment(live.lost)}` : ''}, trying again …` : server && server.state !== 'RUNNING' ? `supd is in state ${server.state}` : 'live');
  connection.classList.toggle('bad', !live.connected || Boolean(server && server.state !== 'RUNNING'));
  document.body.classList.toggle('lost', Boolean(live.lost)); // what is shown is how it was
  if (server && node === live.local) {
    text(document.getElementById('brand'), server.node);
    document.title = current === tree ? `supd on ${server.node}` : document.title;
  }
});
window.addEventListener('hashchange', navigate);
navigate();
live.start();
