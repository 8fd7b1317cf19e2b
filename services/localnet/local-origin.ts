const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a Host header names this machine: a page elsewhere that rebinds its name to 127.0.0.1 does not. */
export function isLocalHost(host: string | undefined): boolean {
  return host !== undefined && isLocal(`http://${host}`);
}

/** Whether an Origin header is absent (no browser) or a page of this machine. */
export function isLocalOrigin(origin: string | undefined): boolean {
  return origin === undefined || isLocal(origin);
}

function isLocal(url: string): boolean {
  try {
    return LOCAL.has(new URL(url).hostname);
  } catch {
    return false;
  }
}
