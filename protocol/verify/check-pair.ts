import { sha256 } from '@noble/hashes/sha2.js';
import { ProtocolError } from '../errors.ts';
import { toHex } from '../wire/hex.ts';
import { keyBytes } from '../wire/key.ts';
import type { BeaconReport, WitnessReport } from '../wire/report.ts';
import type { CheckInput } from './check-poc.ts';
import type { CheckedBeacon, CheckedWitness } from './checked-poc.ts';
import type { HotspotFacts, Numbers, Objection } from './poc.ts';
import { comparePositions } from './position.ts';
import { BEACON_CONTENT_RULES, BEACON_STANDING_RULES, derivedFor, type BeaconCase } from './rules/beacon.ts';
import type { Circumstances, Participant } from './rules/participant.ts';
import { Path, WITNESS_RULES, witnessNumbers, type WitnessCase } from './rules/witness.ts';
import { describeReport, type SignedReport } from './signed-report.ts';
import { findEntropy } from './state.ts';

export interface PairInput extends CheckInput {
  readonly circumstances: Circumstances;
  readonly beacon: SignedReport;
  /** Well-signed witness reports of registered keys within the window, in order. */
  readonly attached: readonly SignedReport[];
}

/** The beacon and each attached witness against the rules that need no state. */
export function checkPair(input: PairInput): {
  readonly beacon: CheckedBeacon;
  readonly witnesses: readonly CheckedWitness[];
} {
  const { report } = input.beacon;
  if (report.kind !== 'beacon') throw new RangeError(`report ${input.beacon.id} is no beacon`);
  const of = beaconCase(input, report);
  const standing = first(BEACON_STANDING_RULES, of);
  const content = standing === null ? first(BEACON_CONTENT_RULES, of) : null;
  const beacon: CheckedBeacon = {
    ...describeReport(input.beacon),
    standing,
    content,
    numbers: beaconNumbers(of, input.attached.length),
  };
  // The beacon's reason becomes theirs: none of them is judged.
  if (standing !== null || content !== null) return { beacon, witnesses: input.attached.map(unjudged) };
  return { beacon, witnesses: checkWitnesses(input, of) };
}

function beaconCase(input: PairInput, report: BeaconReport): BeaconCase {
  const { position } = input.beacon;
  const participant: Participant = {
    ...input.circumstances,
    side: 'beaconer',
    key: report.key,
    receivedAt: position.receivedAt,
    facts: input.registry.get(report.key),
    entropy: findEntropy(input.entropies, {
      data: toHex(report.remoteEntropy),
      at: position.receivedAt,
      windows: input.policy.windows,
    }),
  };
  return { ...participant, report, derived: derivedFor(report, participant) };
}

function checkWitnesses(input: PairInput, beacon: BeaconCase): readonly CheckedWitness[] {
  const { attached, policy } = input;
  const judged = new Set<string>();
  const lagOf = lagRule(input);
  const { derived, report } = beacon;
  if (derived === undefined || derived instanceof ProtocolError)
    throw new RangeError('beacon is not derived');
  const power = Math.min(report.txPower, derived.txPower);
  return attached.map((logged, order): CheckedWitness => {
    if (order >= policy.max_witnesses) {
      const numbers = { order, limit: policy.max_witnesses };
      return { ...unjudged(logged), objection: { reason: 'over_limit', side: 'witness', numbers }, numbers };
    }
    const witness = witnessReport(logged);
    const facts = input.registry.get(witness.key);
    const lag = lagOf(logged);
    // Fields by name, not spread: this is the hottest place of the rules.
    const of: WitnessCase = {
      policy,
      deny: input.deny,
      epoch: input.epoch,
      regionOf: input.circumstances.regionOf,
      side: 'witness',
      key: witness.key,
      receivedAt: logged.position.receivedAt,
      facts,
      entropy: beacon.entropy,
      report: witness,
      beacon,
      again: judged.has(witness.key),
      lag: lag.lag,
      lagLimit: lag.lagLimit,
      lagBehind: lag.lagBehind,
      power,
      path: new Path(beacon.facts, facts),
    };
    judged.add(witness.key);
    const objection = first(WITNESS_RULES, of);
    if (objection !== null) return { ...unjudged(logged), objection, numbers: objection.numbers };
    return {
      kind: 'witness',
      position: logged.position,
      reportId: logged.id,
      key: witness.key,
      objection,
      trusted: isTrusted(beacon.facts, facts, policy.trust.pairs),
      ticket: toHex(sha256.create().update(witness.data).update(keyBytes(witness.key)).digest()),
      numbers: witnessNumbers(of),
    };
  });
}

/** Check 7's reference: the beacon if it comes before every attached witness, else the first of these. */
function lagRule({ beacon, attached, policy }: PairInput): (of: SignedReport) => {
  readonly lag: number;
  readonly lagLimit: number;
  readonly lagBehind: 'beacon' | 'first_witness';
} {
  const [firstWitness = beacon] = attached;
  const beaconFirst = comparePositions(beacon.position, firstWitness.position) <= 0;
  const reference = beaconFirst ? beacon.position : firstWitness.position;
  const { lag_after_beacon_ms, lag_after_witness_ms } = policy.windows;
  const limit = beaconFirst ? lag_after_beacon_ms : lag_after_witness_ms;
  return ({ position }) => ({
    lag: position.receivedAt - reference.receivedAt,
    lagLimit: position.origin === reference.origin ? limit : limit + policy.max_skew_ms,
    lagBehind: beaconFirst ? 'beacon' : 'first_witness',
  });
}

function unjudged(logged: SignedReport): CheckedWitness {
  return { ...describeReport(logged), objection: null, trusted: false, ticket: '', numbers: {} };
}

function isTrusted(
  beaconer: HotspotFacts | undefined,
  witness: HotspotFacts | undefined,
  pairs: 'one_trusted' | 'any',
): boolean {
  return pairs === 'any' || beaconer?.tier !== 'open' || witness?.tier !== 'open';
}

function beaconNumbers(of: BeaconCase, attached: number): Numbers {
  const { entropy, receivedAt, report } = of;
  return {
    entropy_age_s: entropy === undefined ? null : Math.floor(receivedAt / 1000) - entropy.timestamp,
    frequency_hz: String(report.frequency),
    tx_power_dbm: report.txPower,
    attached,
  };
}

function witnessReport({ report, id }: SignedReport): WitnessReport {
  if (report.kind !== 'witness') throw new RangeError(`report ${id} is no witness report`);
  return report;
}

function first<Case>(rules: readonly ((of: Case) => Objection | undefined)[], of: Case): Objection | null {
  for (const rule of rules) {
    const objection = rule(of);
    if (objection !== undefined) return objection;
  }
  return null;
}
