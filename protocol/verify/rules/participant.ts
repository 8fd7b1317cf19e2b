import { keyDenied, type DenyList } from '../../deny/deny-list.ts';
import { regionOf, type Region } from '../../geo/regions.ts';
import type { Policy } from '../../policy.ts';
import type { EpochNumber, HotspotKey, Millis } from '../../units.ts';
import type { EntropyFact, HotspotFacts, Objection, Side } from '../poc.ts';

/** One side of a pair: whoever signed a report, at its reception. */
export interface Participant {
  readonly policy: Policy;
  readonly deny: DenyList;
  readonly epoch: EpochNumber;
  readonly side: Side;
  readonly key: HotspotKey;
  readonly receivedAt: Millis;
  /** undefined: not registered. */
  readonly facts: HotspotFacts | undefined;
  /** Of the asserted cell; null where there is none. */
  readonly region: Region | null;
  /** The entropy that the beacon names; undefined where the evidence has none. */
  readonly entropy: EntropyFact | undefined;
}

/** The region of the asserted cell by the shipped table. */
export function assertedRegion({ cell }: HotspotFacts): Region | null {
  return cell === null ? null : regionOf(cell);
}

/** Registered at or before reception. */
export function isRegistered(facts: HotspotFacts | undefined, receivedAt: Millis): boolean {
  return facts !== undefined && facts.registeredAt * 1000 <= receivedAt;
}

/** Check 1: a registered hotspot. */
export function known(of: Pick<Participant, 'side' | 'facts' | 'receivedAt'>): Objection | undefined {
  const { side, facts, receivedAt } = of;
  if (isRegistered(facts, receivedAt)) return undefined;
  const numbers = { received_ms: receivedAt, registered_s: facts?.registeredAt ?? null };
  return { reason: 'gateway_not_found', side, numbers };
}

/** Check 2: it has a cell, and the cell lies in a region. */
export function asserted({ side, facts, region }: Participant): Objection | undefined {
  const cell = facts?.cell ?? null;
  if (cell !== null && region !== null) return undefined;
  return { reason: 'not_asserted', side, numbers: { cell: cell === null ? null : String(cell) } };
}

/** Check 3: the key is not on the deny list. */
export function notDenied({ side, key, deny, epoch }: Participant): Objection | undefined {
  const entry = keyDenied(deny, { key, epoch });
  if (entry === undefined) return undefined;
  return { reason: 'denied', side, numbers: { key, from_epoch: entry.from, listed_for: entry.reason } };
}

/** Check 3b: status is active. */
export function notQuarantined({ side, facts, epoch }: Participant): Objection | undefined {
  if (facts?.status === 'active') return undefined;
  return { reason: 'quarantined', side, numbers: { epoch: String(epoch) } };
}

/** Check 4 and 6: whole seconds, start <= received <= start + 180. */
export function withinEntropy({ side, entropy, receivedAt, policy }: Participant): Objection | undefined {
  if (entropy === undefined) return { reason: 'stale', side, numbers: { entropy_s: null } };
  const age = Math.floor(receivedAt / 1000) - entropy.timestamp;
  const limit = policy.windows.entropy_s;
  if (age >= 0 && age <= limit) return undefined;
  const numbers = { entropy_s: entropy.timestamp, age_s: age, limit_s: limit };
  return { reason: 'entropy_expired', side, numbers };
}

/** Check 5 and 9: a full hotspot. */
export function capable({ side, facts }: Participant): Objection | undefined {
  if (facts?.mode === 'full') return undefined;
  return { reason: 'invalid_capability', side, numbers: { mode: facts?.mode ?? null } };
}
