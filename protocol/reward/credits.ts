/** Data credits of a packet: one per 24 bytes of its PHYPayload begun, at least one. */
export function packetCredits(payloadBytes: number): bigint {
  if (!Number.isSafeInteger(payloadBytes) || payloadBytes < 0)
    throw new RangeError(`expected a size in bytes, got ${payloadBytes}`);
  return BigInt(Math.max(1, Math.ceil(payloadBytes / 24)));
}
