// Colours of terminals (SGR). Everything else that starts with escape is left out, as are other control characters.

import { el } from './dom.js';

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** What a line begins with: the colours that the line before has left. */
export function plain() {
  return { fg: '', bg: '', bold: false, dim: false, italic: false, underline: false, reverse: false };
}

function colour256(n) {
  if (n < 16) return n < 8 ? names[n] : `bright-${names[n - 8]}`;
  if (n >= 232) return `rgb(${8 + (n - 232) * 10},${8 + (n - 232) * 10},${8 + (n - 232) * 10})`;
  const level = (v) => (v ? 55 + v * 40 : 0);
  n -= 16;
  return `rgb(${level(Math.floor(n / 36))},${level(Math.floor(n / 6) % 6)},${level(n % 6)})`;
}

/** A code with parts, as 4:3 or 38:2::255:0:0, which stand behind colons. */
function applyParts(style, [c, kind, ...parts]) {
  if (c === 4) style.underline = kind !== 0;
  else if (c === 38 || c === 48) {
    const colour = kind === 5 ? colour256(Math.min(255, parts[0] || 0)) : kind === 2 ? `rgb(${parts.slice(-3).map((n) => Math.min(255, n)).join(',')})` : '';
    style[c === 38 ? 'fg' : 'bg'] = colour;
  }
}

function apply(style, words) {
  const codes = words.split(';').map((w) => (w.includes(':') ? w.split(':').map((n) => Number(n) || 0) : Number(w) || 0));
  for (let i = 0; i < codes.length; i++) {
    const c = codes[i];
    if (Array.isArray(c)) applyParts(style, c);
    else if (c === 0) Object.assign(style, plain());
    else if (c === 1) style.bold = true;
    else if (c === 2) style.dim = true;
    else if (c === 3) style.italic = true;
    else if (c === 4) style.underline = true;
    else if (c === 7) style.reverse = true;
    else if (c === 27) style.reverse = false;
    else if (c === 22) style.bold = style.dim = false;
    else if (c === 23) style.italic = false;
    else if (c === 24) style.underline = false;
    else if (c >= 30 && c <= 37) style.fg = names[c - 30];
    else if (c === 39) style.fg = '';
    else if (c >= 40 && c <= 47) style.bg = names[c - 40];
    else if (c === 49) style.bg = '';
    else if (c >= 90 && c <= 97) style.fg = `bright-${names[c - 90]}`;
    else if (c >= 100 && c <= 107) style.bg = `bright-${names[c - 100]}`;
    else if (c === 38 || c === 48) {
      let colour = '';
      if (codes[i + 1] === 5) {
        colour = colour256(Math.min(255, codes[i + 2] || 0));
        i += 2;
      } else if (codes[i + 1] === 2) {
        colour = `rgb(${[2, 3, 4].map((k) => Math.min(255, codes[i + k] || 0)).join(',')})`;
        i += 4;
      }
      style[c === 38 ? 'fg' : 'bg'] = colour;
    }
  }
}

function span(style, text) {
  const classes = [style.bold && 'bold', style.dim && 'dim', style.italic && 'italic', style.underline && 'underline'].filter(Boolean);
  const node = el('span');
  const [fg, bg] = style.reverse ? [style.bg || 'paper', style.fg || 'ink'] : [style.fg, style.bg];
  for (const [colour, property, prefix] of [[fg, 'color', 'fg-'], [bg, 'backgroundColor', 'bg-']]) {
    if (colour.startsWith('rgb')) node.style[property] = colour;
    else if (colour) classes.push(prefix + colour);
  }
  node.className = classes.join(' ');
  node.textContent = text;
  return node;
}

/* eslint-disable no-control-regex */
const escapes = /\x1b(?:\[([0-9;:]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_]|[ -/]*[0-~])/g;
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Appends a line to a node. style is changed to what the next line begins with. */
export function render(node, line, style) {
  if (!line.includes('\x1b') && isPlain(style)) {
    node.textContent = line.replace(controls, '');
    return;
  }
  let at = 0;
  const put = (text) => {
    text = text.replace(controls, '');
    if (text) node.append(isPlain(style) ? text : span(style, text));
  };
  for (const m of line.matchAll(escapes)) {
    put(line.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[2] === 'm') apply(style, m[1]);
  }
  put(line.slice(at));
}

function isPlain(s) {
  return !s.fg && !s.bg && !s.bold && !s.dim && !s.italic && !s.underline && !s.reverse;
}
