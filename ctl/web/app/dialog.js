// Questions and messages.

import { el } from './dom.js';

/** Shows a dialog with a heading; closing it answers with its return value. */
export function open(title, content, buttons) {
  const opener = document.activeElement;
  const heading = el('h2', { id: 'dialog-title' }, title);
  const dialog = el('dialog', { 'aria-labelledby': 'dialog-title' }, el('form', { method: 'dialog' }, heading, ...content, el('div.buttons', null, ...buttons)));
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (document.activeElement === document.body && opener?.isConnected) opener.focus(); // unless a key has moved on meanwhile
      resolve(dialog.returnValue);
    });
    dialog.showModal();
  });
}

/** Asks whether to do something that stops programs. more is what else there is to see. */
export async function confirm(title, words, button, ...more) {
  const answer = await open(title, [el('p', null, words), ...more],
    [el('button', { value: '', autofocus: true }, 'Cancel'), el('button.danger', { value: 'yes' }, button)]);
  return answer === 'yes';
}

/** Asks for one of several values. */
export async function choose(title, label, options, button) {
  const select = el('select', { id: 'dialog-choice' }, ...options.map((o) => el('option', { value: o }, o)));
  const answer = await open(title, [el('p', null, el('label', { for: 'dialog-choice' }, label, ' '), select)],
    [el('button', { value: '' }, 'Cancel'), el('button.danger', { value: 'yes' }, button)]);
  return answer === 'yes' ? select.value : '';
}

/** Tells something for a while. */
export function tell(message, kind = '') {
  const toast = el('div', { class: `toast ${kind}` }, message,
    el('button.quiet', { type: 'button', 'aria-label': 'Close this message', click: () => toast.remove() }, '✕'));
  document.getElementById('toasts').append(toast);
  setTimeout(() => toast.remove(), kind === 'bad' ? 15000 : 5000);
}

/** Tells why something did not work. */
export function complain(error) {
  tell(error.message || String(error), 'bad');
}
