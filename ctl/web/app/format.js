// How numbers and times are shown.

/** Seconds as 3 s, 4:05, 1:02:03 or 2 d 3:04. */
export function duration(seconds) {
  seconds = Math.max(0, Math.floor(seconds));
  if (seconds < 60) return `${seconds} s`;
  const two = (n) => String(n).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const [h, m, s] = [Math.floor((seconds % 86400) / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (days) return `${days} d ${h}:${two(m)}`;
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Bytes as 512 B, 1.4 MB. */
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  for (const unit of ['kB', 'MB', 'GB']) {
    n /= 1000;
    if (n < 999.5) return `${n < 9.95 ? n.toFixed(1) : Math.round(n)} ${unit}`;
  }
  return `${(n / 1000).toFixed(1)} TB`;
}

/** A share of a processor as 0.3 % or 140 %. */
export function percent(n) {
  return `${n < 9.95 ? n.toFixed(1) : Math.round(n)} %`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const calendar = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

/** A time of today as 14:03:22, an older one with its day. */
export function moment(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return today ? clock.format(date) : `${calendar.format(date)} ${clock.format(date)}`;
}

/** The signs of the states: never colour alone. */
export const signs = {
  RUNNING: '●', STARTING: '◐', STOPPING: '◑', BACKOFF: '↻', FATAL: '✕', STOPPED: '■', EXITED: '○', UNKNOWN: '?',
};

/** What a program is doing, in a few words. */
export function activity(p) {
  if (p.state === 'RUNNING' && !p.status) return p.description.replace(/^pid \d+, uptime [^,]+(, )?/, '');
  if (p.waits_for) return `waits for ${p.waits_for}`;
  if (p.state === 'BACKOFF') return `${p.reason.text || p.spawn_error}${p.until ? `; again at ${moment(p.until)}` : ''}`;
  if (p.state === 'FATAL') return p.reason.text || p.spawn_error;
  if (p.state === 'STOPPED' && (p.next_run || !p.reason.text)) return p.description;
  return p.status || p.reason.text;
}
