import type { Policy } from '../policy.ts';

/** Data credits of a packet: one per `credit_bytes` bytes of its PHYPayload begun, at least one (poc.md 5). */
export function packetCredits(payloadBytes: number, { credit_bytes }: Pick<Policy, 'credit_bytes'>): bigint {
  if (!Number.isSafeInteger(payloadBytes) || payloadBytes < 0)
    throw new RangeError(`expected a size in bytes, got ${payloadBytes}`);
  return BigInt(Math.max(1, Math.ceil(payloadBytes / credit_bytes)));
}
