import { setTimeout as sleep } from 'node:timers/promises';

/** What was asked for, or `late` where it has not come within `ms`; it goes on all the same. */
export async function within<Value, Late>(
  ms: number,
  asked: Promise<Value>,
  late: Late,
): Promise<Value | Late> {
  const over = new AbortController();
  const patience = sleep(ms, late, { signal: over.signal });
  patience.catch(() => undefined);
  return await Promise.race([asked, patience]).finally(() => {
    over.abort();
  });
}
