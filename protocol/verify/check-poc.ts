import type { Sha256Hex } from '../crypto/sha256-hex.ts';
import type { DenyList } from '../deny/deny-list.ts';
import type { Region } from '../geo/regions.ts';
import type { Policy } from '../policy.ts';
import type { EpochNumber, Hash } from '../units.ts';
import { reportId } from '../wire/report.ts';
import type { CheckedOther, CheckedPoc } from './checked-poc.ts';
import { checkPair } from './check-pair.ts';
import { judgedAt } from './grouper.ts';
import type {
  EntropyFact,
  HotspotFacts,
  LoggedReport,
  Objection,
  PocGroup,
  Position,
  Registry,
  VerifySignature,
} from './poc.ts';
import { known } from './rules/participant.ts';
import { describeReport, type SignedReport } from './signed-report.ts';

export type { CheckedPoc } from './checked-poc.ts';

export interface CheckInput {
  readonly group: PocGroup;
  /** Facts of the epoch in which `judgedAt(group)` lies, at least of the keys that the group names. */
  readonly registry: Registry;
  readonly policy: Policy;
  readonly deny: DenyList;
  /** The epoch in which `judgedAt(group)` lies. */
  readonly epoch: EpochNumber;
  /** Entropies of the evidence by data, at least the one that the beacon names. */
  readonly entropies: ReadonlyMap<string, EntropyFact>;
  readonly verify: VerifySignature;
  /** By default in TypeScript. */
  readonly sha256Hex?: Sha256Hex | undefined;
  /** By default the region of the asserted cell. */
  readonly regionOf?: (facts: HotspotFacts) => Region | null;
}

/**
 * Everything about a group that needs no state, in the order of poc.md 3 and 4: pure, and the same whoever does it. It
 * trusts `group.beacon`, whose signature the grouper verified, and verifies all others.
 */
export function checkPoc(input: CheckInput): CheckedPoc {
  const { group, registry } = input;
  const at = judgedAt(group);
  const opening = group.beacon === null ? undefined : group.reports[group.beacon];
  const others: CheckedOther[] = [];
  const attached: SignedReport[] = [];
  let beacon: SignedReport | null = null;
  const seen = new Set<Hash>();
  for (const logged of group.reports) {
    const id = reportId(logged.report, input.sha256Hex);
    const signed = logged === opening || isWellSigned(logged, input.verify);
    // The same signed bytes again are the same report; badly signed ones are told wherever they stand.
    if (signed && seen.has(id)) continue;
    if (signed) seen.add(id);
    const { position, report, signer } = logged;
    const named: SignedReport = { position, report, signer, id, facts: registry.get(report.key) };
    if (logged === opening) {
      beacon = named;
      continue;
    }
    const objection = signed ? looseObjection({ input, named, at }) : badSignature(logged);
    if (objection === null) attached.push(named);
    else others.push({ ...describeReport(named), signed, objection });
  }
  const pair = beacon === null ? null : checkPair({ input, beacon, attached });
  return {
    kind: group.kind,
    payload: group.payload,
    at,
    beacon: pair?.beacon ?? null,
    witnesses: pair?.witnesses ?? [],
    others,
  };
}

function isWellSigned({ report, signer }: LoggedReport, verify: VerifySignature): boolean {
  const { signedBytes: message, signature } = report;
  return signer !== null && verify({ key: signer, message, signature });
}

function badSignature({ report, signer }: LoggedReport): Objection {
  const side = report.kind === 'beacon' ? 'beaconer' : 'witness';
  return { reason: 'bad_signature', side, numbers: { signer } };
}

/** Why a well-signed report that is not the beacon is no part of a PoC; null for attached witnesses. */
function looseObjection(of: {
  readonly input: CheckInput;
  readonly named: SignedReport;
  readonly at: Position;
}): Objection | null {
  const { report, position, facts } = of.named;
  const { receivedAt } = position;
  if (report.kind === 'beacon')
    return { reason: 'duplicate', side: 'beaconer', numbers: { first_ms: of.at.receivedAt } };
  const unknown = known({ side: 'witness', facts, receivedAt });
  if (unknown !== undefined) return unknown;
  if (of.input.group.kind !== 'poc')
    return { reason: 'stale', side: 'witness', numbers: { received_ms: receivedAt } };
  const after = receivedAt - of.at.receivedAt;
  const { attach_before_ms, attach_after_ms } = of.input.policy.windows;
  if (after >= -attach_before_ms && after <= attach_after_ms) return null;
  const numbers = { after_beacon_ms: after, from_ms: -attach_before_ms, to_ms: attach_after_ms };
  return { reason: 'too_late', side: 'witness', numbers };
}
