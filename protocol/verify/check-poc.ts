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
import { assertedRegion, isRegistered, known, type Circumstances } from './rules/participant.ts';
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
  /** By default the region of the asserted cell. */
  readonly regionOf?: (facts: HotspotFacts) => Region | null;
}

/**
 * Everything about a group that needs no state, in the order of poc.md 3 and 4: pure, and the same whoever does it. It
 * trusts `group.beacon`, whose signature the grouper verified, and verifies all others.
 */
export function checkPoc(input: CheckInput): CheckedPoc {
  const { group } = input;
  const at = judgedAt(group);
  const circumstances: Circumstances = {
    policy: input.policy,
    deny: input.deny,
    epoch: input.epoch,
    regionOf: input.regionOf ?? assertedRegion,
  };
  const others: CheckedOther[] = [];
  const attached: SignedReport[] = [];
  let beacon: SignedReport | null = null;
  const seen = new Set<Hash>();
  for (const [index, logged] of group.reports.entries()) {
    const id = reportId(logged.report);
    const signed = index === group.beacon || isWellSigned(logged, input.verify);
    // The same signed bytes again are the same report; badly signed ones are told wherever they stand.
    if (signed && seen.has(id)) continue;
    if (signed) seen.add(id);
    const report: SignedReport = {
      position: logged.position,
      report: logged.report,
      signer: logged.signer,
      id,
    };
    const objection = signed
      ? looseObjection({ input, circumstances, report, index, at })
      : badSignature(logged);
    if (objection !== null) others.push({ ...describeReport(report), signed, objection });
    else if (index === group.beacon) beacon = report;
    else attached.push(report);
  }
  const pair = beacon === null ? null : checkPair({ ...input, circumstances, beacon, attached });
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

/** Why a well-signed report is not part of a PoC; null for the beacon and for attached witnesses. */
function looseObjection(of: {
  readonly input: CheckInput;
  readonly circumstances: Circumstances;
  readonly report: SignedReport;
  readonly index: number;
  readonly at: Position;
}): Objection | null {
  const { group, registry } = of.input;
  const { report, position } = of.report;
  if (of.index === group.beacon) return null;
  if (report.kind === 'beacon')
    return { reason: 'duplicate', side: 'beaconer', numbers: { first_ms: of.at.receivedAt } };
  const facts = registry.get(report.key);
  const { receivedAt } = position;
  if (!isRegistered(facts, receivedAt)) {
    const { circumstances } = of;
    const participant = { ...circumstances, side: 'witness', key: report.key, receivedAt, facts } as const;
    return known({ ...participant, entropy: undefined }) ?? null;
  }
  if (group.kind !== 'poc') return { reason: 'stale', side: 'witness', numbers: { received_ms: receivedAt } };
  const after = receivedAt - of.at.receivedAt;
  const { attach_before_ms, attach_after_ms } = of.input.policy.windows;
  if (after >= -attach_before_ms && after <= attach_after_ms) return null;
  const numbers = { after_beacon_ms: after, from_ms: -attach_before_ms, to_ms: attach_after_ms };
  return { reason: 'too_late', side: 'witness', numbers };
}
