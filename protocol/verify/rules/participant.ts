import { keyDenied, type DenyList } from '../../deny/deny-list.ts';
import { regionOf, type Region } from '../../geo/regions.ts';
import type { Policy } from '../../policy.ts';
import type { EpochNumber, HotspotKey, Millis } from '../../units.ts';
import type { EntropyFact, HotspotFacts, Objection, Side } from '../poc.ts';

/** What holds for all reports of a group. */
export interface Circumstances {
  readonly policy: Policy;
  readonly deny: DenyList;
  readonly epoch: EpochNumber;
  readonly regionOf: (facts: HotspotFacts) => Region | null;
}

/** One side of a pair: whoever signed a report, at its reception. */
export interface Participant extends Circumstances {
  readonly side: Side;
  readonly key: HotspotKey;
  readonly receivedAt: Millis;
  /** undefined: not registered. */
  readonly facts: HotspotFacts | undefined;
  /** The entropy that the beacon names; undefined where the evidence has none. */
  readonly entropy: EntropyFact | undefined;
}

/** Regions by facts: an epoch's registry is read once and asked often. */
const regions = new WeakMap<HotspotFacts, { readonly region: Region | null }>();

/** The region of the asserted cell by the shipped table. */
export function assertedRegion(facts: HotspotFacts): Region | null {
  let known = regions.get(facts);
  if (known === undefined) {
    known = { region: facts.cell === null ? null : regionOf(facts.cell) };
    regions.set(facts, known);
  }
  return known.region;
}

/** Registered at or before reception. */
export function isRegistered(facts: HotspotFacts | undefined, receivedAt: Millis): boolean {
  return facts !== undefined && facts.registeredAt * 1000 <= receivedAt;
}

/** Check 1: a registered hotspot. */
export function known({ side, facts, receivedAt }: Participant): Objection | undefined {
  if (isRegistered(facts, receivedAt)) return undefined;
  const numbers = { received_ms: receivedAt, registered_s: facts?.registeredAt ?? null };
  return { reason: 'gateway_not_found', side, numbers };
}

/** Check 2: it has a cell, and the cell lies in a region. */
export function asserted(of: Participant): Objection | undefined {
  if (of.facts !== undefined && of.facts.cell !== null && of.regionOf(of.facts) !== null) return undefined;
  const cell = of.facts?.cell ?? null;
  return { reason: 'not_asserted', side: of.side, numbers: { cell: cell === null ? null : String(cell) } };
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
