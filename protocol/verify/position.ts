import type { Position } from './poc.ts';

/** Order everywhere: received_at, then origin in byte order (origins are ASCII), then index. */
export function comparePositions(a: Position, b: Position): number {
  if (a.receivedAt !== b.receivedAt) return a.receivedAt - b.receivedAt;
  if (a.origin !== b.origin) return a.origin < b.origin ? -1 : 1;
  return a.index - b.index;
}
