/** Why a deny list names a key or a pair, append-only: what a classifier found, or what its keeper knows. */
export const DENY_REASONS = {
  rssi_without_distance:
    'The signal that the pair reports does not fall with distance as it does between true radios.',
  never_reciprocates: 'The hotspot is heard, or hears, far more often than the other way round could allow.',
  payload_far_apart: 'The same payload was received at places that one transmission does not reach.',
  impossible_lag: 'Reports arrived before the transmission that they speak of can have ended.',
  keeper: 'The keeper of the list knows more than the evidence log shows; the entry says so.',
} as const;

export type DenyReason = keyof typeof DENY_REASONS;

/** Whether the text names a reason of a deny list. */
export function isDenyReason(text: string): text is DenyReason {
  return Object.hasOwn(DENY_REASONS, text);
}
