import { concatBytes } from '@noble/hashes/utils.js';
import { sha256Hex } from '../crypto/sha256-hex.ts';
import { ProtocolError } from '../errors.ts';
import { toHex } from '../wire/hex.ts';
import { keyBytes } from '../wire/key.ts';
import type { WitnessReport } from '../wire/report.ts';
import type { CheckInput } from './check-poc.ts';
import type { CheckedBeacon, CheckedWitness } from './checked-poc.ts';
import type { HotspotFacts, Numbers, Objection, Position } from './poc.ts';
import { comparePositions } from './position.ts';
import { BEACON_CONTENT_RULES, BEACON_STANDING_RULES, derivedFor, type BeaconCase } from './rules/beacon.ts';
import { assertedRegion } from './rules/participant.ts';
import { Path, PathEnd, WITNESS_RULES, witnessNumbers, type WitnessCase } from './rules/witness.ts';
import type { SignedReport } from './signed-report.ts';
import { findEntropy } from './state.ts';

interface PairInput {
  readonly input: CheckInput;
  readonly beacon: SignedReport;
  /** Well-signed witness reports of registered keys within the window, in order. */
  readonly attached: readonly SignedReport[];
}

/** The beacon and each attached witness against the rules that need no state. */
export function checkPair(pair: PairInput): {
  readonly beacon: CheckedBeacon;
  readonly witnesses: readonly CheckedWitness[];
} {
  const { attached } = pair;
  const { position, id: reportId } = pair.beacon;
  const of = beaconCase(pair);
  const standing = first(BEACON_STANDING_RULES, of);
  const content = standing === null ? first(BEACON_CONTENT_RULES, of) : null;
  const numbers = beaconNumbers(of, attached.length);
  // The beacon's reason becomes theirs: none of them is judged.
  const judged = standing === null && content === null;
  return {
    beacon: { kind: 'beacon', position, reportId, key: of.key, standing, content, numbers },
    witnesses: judged ? checkWitnesses(pair, of) : attached.map((each) => unpaid(each, null)),
  };
}

function beaconCase({ input, beacon }: PairInput): BeaconCase {
  const { report, position, facts, id } = beacon;
  if (report.kind !== 'beacon') throw new RangeError(`report ${id} is no beacon`);
  const { policy, deny, epoch, entropies } = input;
  const { windows } = policy;
  const { key, remoteEntropy } = report;
  const { receivedAt } = position;
  const region = regionOf(input, facts);
  const entropy = findEntropy(entropies, { data: toHex(remoteEntropy), at: receivedAt, windows });
  const derived = derivedFor(report, { facts, region, entropy });
  return { policy, deny, epoch, side: 'beaconer', key, receivedAt, facts, region, entropy, report, derived };
}

function checkWitnesses(pair: PairInput, beacon: BeaconCase): readonly CheckedWitness[] {
  const { input, attached } = pair;
  const { max_witnesses, selected_witnesses, trust } = input.policy;
  const { derived, report } = beacon;
  if (derived === undefined || derived instanceof ProtocolError)
    throw new RangeError('beacon is not derived');
  const power = Math.min(report.txPower, derived.txPower);
  const lag = lagReference(pair);
  const from = new PathEnd(beacon.facts);
  const judged = new Set<string>();
  let candidates = 0;
  const checked = attached.map((logged, order): CheckedWitness => {
    if (order >= max_witnesses)
      return unpaid(logged, {
        reason: 'over_limit',
        side: 'witness',
        numbers: { order, limit: max_witnesses },
      });
    const { position, id: reportId, facts } = logged;
    const { key } = logged.report;
    const of: WitnessCase = {
      policy: input.policy,
      deny: input.deny,
      epoch: input.epoch,
      side: 'witness',
      key,
      receivedAt: position.receivedAt,
      facts,
      region: regionOf(input, facts),
      entropy: beacon.entropy,
      report: witnessReport(logged),
      beacon,
      again: judged.has(key),
      lag: position.receivedAt - lag.from.receivedAt,
      lagLimit: position.origin === lag.from.origin ? lag.limit : lag.limit + input.policy.max_skew_ms,
      lagBehind: lag.behind,
      power,
      path: new Path(from, new PathEnd(facts)),
    };
    judged.add(key);
    const objection = first(WITNESS_RULES, of);
    if (objection !== null) return unpaid(logged, objection);
    const trusted = isTrusted(beacon.facts, facts, trust.pairs);
    if (trusted) candidates += 1;
    const numbers = witnessNumbers(of);
    return { kind: 'witness', position, reportId, key, objection, trusted, ticket: '', numbers };
  });
  // State can only take candidates away: where they are no more than are paid, nothing is drawn.
  return candidates <= selected_witnesses ? checked : withTickets(input, report.data, checked);
}

/** Draws for those that can be selected. */
function withTickets(
  { sha256Hex: hash = sha256Hex }: CheckInput,
  data: Uint8Array,
  checked: readonly CheckedWitness[],
): readonly CheckedWitness[] {
  return checked.map((each) =>
    each.trusted ? { ...each, ticket: hash(concatBytes(data, keyBytes(each.key))) } : each,
  );
}

interface LagReference {
  readonly behind: 'beacon' | 'first_witness';
  readonly from: Position;
  readonly limit: number;
}

/** Check 7's reference: the beacon if it comes before every attached witness, else the first of these. */
function lagReference({ input, beacon, attached }: PairInput): LagReference {
  const [firstWitness = beacon] = attached;
  const { lag_after_beacon_ms, lag_after_witness_ms } = input.policy.windows;
  return comparePositions(beacon.position, firstWitness.position) <= 0
    ? { behind: 'beacon', from: beacon.position, limit: lag_after_beacon_ms }
    : { behind: 'first_witness', from: firstWitness.position, limit: lag_after_witness_ms };
}

function unpaid(logged: SignedReport, objection: Objection | null): CheckedWitness {
  const { position, id: reportId } = logged;
  const { kind, key } = logged.report;
  const numbers = objection?.numbers ?? {};
  return { kind, position, reportId, key, objection, trusted: false, ticket: '', numbers };
}

function regionOf(input: CheckInput, facts: HotspotFacts | undefined): BeaconCase['region'] {
  return facts === undefined ? null : (input.regionOf ?? assertedRegion)(facts);
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
