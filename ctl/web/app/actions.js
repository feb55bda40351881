// What can be done to programs, with a question where something stops.

import { act, base, get, post, programPath } from './api.js';
import { choose, complain, confirm, open, tell } from './dialog.js';
import { el } from './dom.js';

const done = { start: 'started', stop: 'stopped', restart: 'restarted', signal: 'signalled', 'clear-logs': 'log cleared' };

/** What names stand for, for people. */
function said(node, names) {
  const where = node ? ` on ${node}` : '';
  if (names.length === 1 && names[0] === '*') return `all programs${where}`;
  if (names.length === 1 && names[0].endsWith(':*')) return `all programs of ${names[0].slice(0, -2)}${where}`;
  return names.join(', ') + where;
}

async function perform(node, action, words) {
  try {
    await act(node, action);
    tell(`${words} ${done[action.do]}`, 'good');
  } catch (error) {
    complain(error);
  }
}

export function start(node, names) {
  return perform(node, { do: 'start', names }, said(node, names));
}

export async function stop(node, names) {
  if (await confirm(`Stop ${said(node, names)}?`, 'What runs is asked to end, and killed when it does not in time. It stays down until somebody starts it.', 'Stop', others(node, names))) {
    await perform(node, { do: 'stop', names }, said(node, names));
  }
}

export async function restart(node, names) {
  if (await confirm(`Restart ${said(node, names)}?`, 'What runs is stopped first, and started again then.', 'Restart', others(node, names))) {
    await perform(node, { do: 'restart', names }, said(node, names));
  }
}

export async function signal(node, names) {
  const signals = ['HUP', 'USR1', 'USR2', 'INT', 'TERM', 'QUIT', 'CONT', 'STOP', 'WINCH', 'KILL'];
  const chosen = await choose(`Send a signal to ${said(node, names)}?`, 'Signal', signals, 'Send');
  if (chosen) await perform(node, { do: 'signal', names, signal: chosen }, said(node, names));
}

export async function clearLogs(node, names) {
  if (await confirm(`Clear the logs of ${said(node, names)}?`, 'What has been written so far is lost.', 'Clear')) {
    await perform(node, { do: 'clear-logs', names }, said(node, names));
  }
}

/** What would happen, as a list. */
export function stepList(steps) {
  return el('ol.steps', null, ...steps.map((s) => el('li', null, el('strong', null, s.do), ` ${s.program} `, el('span.muted', null, s.why))));
}

/** What the stop of one program would do to others. It comes when it is known; without it the question is the same. */
function others(node, names) {
  const place = el('div', { 'aria-live': 'polite' });
  if (names.length === 1 && !names[0].endsWith('*')) {
    get(`${programPath(node, names[0])}/plan?do=stop`).then((steps) => {
      if (steps.some((s) => s.program !== names[0])) place.append(el('h3', null, 'What a stop does'), stepList(steps));
    }, () => {});
  }
  return place;
}

/** Shows what a stop and a death of a program would lead to. Nothing is done. */
export async function whatIf(node, names) {
  try {
    const [stopped, killed] = await Promise.all(['stop', 'kill'].map((verb) => get(`${programPath(node, names[0])}/plan?do=${verb}`)));
    await open(`What if ${names[0]} …`, [el('h3', null, '… is stopped'), stepList(stopped), el('h3', null, '… dies of SIGKILL'), stepList(killed)], [el('button', { value: '', autofocus: true }, 'Close')]);
  } catch (error) {
    complain(error);
  }
}

/** Reads the configuration, shows what would change, and brings it into effect if the user wants. */
export async function update(node) {
  let changes;
  try {
    changes = await post(`${base(node)}/config/reread`);
  } catch (error) {
    complain(error);
    return;
  }
  const parts = [['new', changes.added], ['changed', changes.changed], ['gone', changes.removed]].filter(([, names]) => names.length);
  const reload = changes.reload || []; // a node of an older version does not tell
  const later = reload.length ? `${reload.join(', ')}: in force when supd is restarted.` : '';
  if (!parts.length && !changes.plan.length) {
    tell(later || 'The configuration is what is at work: nothing to do.', later ? '' : 'good');
    return;
  }
  const list = el('ul.changes', null, ...parts.map(([what, names]) => el('li', null, el('strong', null, what), ` ${names.join(', ')}`)));
  if (later) list.append(el('li', null, el('strong', null, 'not by an update'), ` ${later}`));
  const steps = stepList(changes.plan);
  const answer = await open('Bring the configuration into effect?', [list, el('h3', null, 'What would happen'), el('div.scroll', { tabindex: 0, role: 'region', 'aria-label': 'Steps' }, steps)],
    [el('button', { value: '', autofocus: true }, 'Cancel'), el('button.danger', { value: 'yes' }, 'Update')]);
  if (answer !== 'yes') return;
  try {
    const rows = await post(`${base(node)}/config/update`, { groups: [] });
    const failed = rows.filter((r) => !r.ok);
    if (failed.length) throw new Error(failed.map((r) => `${r.group}: ${r.error}`).join('; '));
    tell(rows.length ? rows.map((r) => `${r.program || r.group} ${r.action}`).join(', ') : 'Nothing has changed.', 'good');
  } catch (error) {
    complain(error);
  }
}

/** Ends or restarts a whole supd. */
export async function server(node, verb, name) {
  const words = verb === 'shutdown' ? 'All programs are stopped, and supd ends.' : 'The configuration is read, all programs are stopped and started again.';
  if (!(await confirm(`${verb === 'shutdown' ? 'Shut down' : 'Restart'} supd on ${name}?`, words, verb === 'shutdown' ? 'Shut down' : 'Restart'))) return;
  try {
    await post(`${base(node)}/server/${verb}`);
    tell(`supd on ${name}: ${verb} has begun`, 'good');
  } catch (error) {
    complain(error);
  }
}
