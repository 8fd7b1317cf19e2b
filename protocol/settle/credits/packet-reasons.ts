/**
 * Why a packet does not count, in the order of judgement; numbers are append-only and stand in packets.bin (0: counted).
 * Those that need a disclosure are believed by whoever has none.
 */
export const PACKET_REASONS = {
  unknown_hotspot: { number: 1, needs: 'log' },
  no_session: { number: 2, needs: 'log' },
  no_route: { number: 3, needs: 'log' },
  undisclosed: { number: 4, needs: 'disclosure' },
  malformed: { number: 5, needs: 'disclosure' },
  bad_signature: { number: 6, needs: 'disclosure' },
  not_uplink: { number: 7, needs: 'disclosure' },
  wrong_price: { number: 8, needs: 'disclosure' },
  not_routed: { number: 9, needs: 'disclosure' },
  duplicate: { number: 10, needs: 'disclosure' },
  too_many_copies: { number: 11, needs: 'disclosure' },
  no_credits: { number: 12, needs: 'log' },
} as const;

export type PacketReason = keyof typeof PACKET_REASONS;

const NAMES = new Map(
  Object.entries(PACKET_REASONS).map(([name, { number }]) => [number as number, name as PacketReason]),
);

/** The byte of packets.bin: 0 for a packet that counts. */
export function packetReasonNumber(reason: PacketReason | null): number {
  return reason === null ? 0 : PACKET_REASONS[reason].number;
}

/** Inverse of `packetReasonNumber`; undefined for a number that means nothing here. */
export function packetReasonOf(number: number): PacketReason | null | undefined {
  return number === 0 ? null : NAMES.get(number);
}
