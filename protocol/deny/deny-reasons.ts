/** Why a deny list names a key or a pair, append-only: what a classifier found, or what its keeper knows. */
export const DENY_REASONS = {
  rssi_without_distance:
    'The reported signals do not fall with the asserted distances as they do between true radios.',
  never_reciprocates: 'The hotspot hears others well again and again, and they do not hear its beacons.',
  payload_far_apart: 'The same payload was received at places that one transmission does not reach.',
  impossible_lag: 'Reports arrived before the transmission that they speak of can have ended.',
  keeper: 'The keeper of the list knows more than the evidence log shows; the entry says so.',
  rssi_not_mutual: 'The signals that the hotspot reports disagree with those that its partners report of it.',
} as const;

export type DenyReason = keyof typeof DENY_REASONS;

/** Whether the text names a reason of a deny list. */
export function isDenyReason(text: string): text is DenyReason {
  return Object.hasOwn(DENY_REASONS, text);
}
