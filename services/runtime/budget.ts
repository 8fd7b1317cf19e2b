import { isIPv6 } from 'node:net';

/** Counts per name within fixed minutes; a name costs memory only in the minute in which it was seen. */
export interface Budget {
  /** Takes one; false where the minute's budget is spent. */
  take(name: string, now: number): boolean;
  /** Whole seconds until the next minute begins. */
  retryAfterSeconds(now: number): number;
}

const WINDOW_MS = 60_000;

export function openBudget(perMinute: number): Budget {
  let window = -1;
  let counts = new Map<string, number>();
  return {
    take: (name, now) => {
      const current = Math.floor(now / WINDOW_MS);
      if (current !== window) {
        window = current;
        counts = new Map();
      }
      const count = counts.get(name) ?? 0;
      if (count >= perMinute) return false;
      counts.set(name, count + 1);
      return true;
    },
    retryAfterSeconds: (now) => Math.max(1, Math.ceil((WINDOW_MS - (now % WINDOW_MS)) / 1000)),
  };
}

/** Whom a budget is charged to: an IPv4 address, or the /64 of an IPv6 address, which one client has whole. */
export function clientOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return `${[...front, ...gap, ...back].slice(0, 4).join(':')}::/64`;
}
