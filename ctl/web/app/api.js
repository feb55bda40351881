// The REST interface, as supd serves it at /api/v1.

const root = 'api/v1';

/** The path of a node: "" is the supd that serves this page. */
export function base(node) {
  return node ? `${root}/nodes/${encodeURIComponent(node)}` : root;
}

/** The path of a program. */
export function programPath(node, name) {
  return `${base(node)}/programs/${encodeURIComponent(name)}`;
}

/** An answer that is none of success: problem+json, or what a broken connection leaves. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function answer(response) {
  if (response.ok) return response.json();
  let detail = response.statusText || `status ${response.status}`;
  try {
    const problem = await response.json();
    detail = problem.detail || problem.title || detail;
  } catch { /* no JSON: the status says what there is to say */ }
  throw new Refused(response.status, detail);
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused(0, 'supd does not answer');
  }
  return answer(response);
}

export function get(path) {
  return ask(path, { headers: { Accept: 'application/json' } });
}

export function post(path, body) {
  return ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** Does something to programs; the results that are failures are an error. */
export async function act(node, action) {
  const results = await post(`${base(node)}/actions`, action);
  const failed = results.filter((r) => !r.ok);
  if (failed.length) throw new Refused(200, failed.map((r) => (r.error.includes(r.program) ? r.error : `${r.program}: ${r.error}`)).join('; '));
  return results;
}
