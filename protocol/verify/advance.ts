import type { Policy } from '../policy.ts';
import type { EpochNumber, Hash } from '../units.ts';
import type {
  CheckedBeacon,
  CheckedOther,
  CheckedPoc,
  CheckedReport,
  CheckedWitness,
} from './checked-poc.ts';
import type { Numbers, Objection, PocState, PocVerdict, RecentPoc, ReportVerdict } from './poc.ts';
import { bucketOf, regularInterval, wasBeaconer, wasWitness, type StatefulCase } from './rules/state.ts';
import { select } from './selection.ts';
import { clocksOf, moveClock } from './state.ts';

export interface AdvanceInput {
  /** Moved in place. */
  readonly state: PocState;
  /** Groups must come in the order in which the grouper put them out. */
  readonly checked: CheckedPoc;
  readonly policy: Policy;
  /** The epoch in which `checked.at` lies. */
  readonly epoch: EpochNumber;
}

/**
 * Judges one group and moves the state by it, once however often it is called ("Order of judgement", poc.md 3). A group
 * whose payload had its beacon within 181 s moves nothing.
 */
export function advance(input: AdvanceInput): PocVerdict {
  const { state, checked } = input;
  forgetRecent(input);
  const recent = recentOf(input);
  if (recent !== undefined && checked.kind !== 'stale') return judgeLate(input, recent);
  const others = checked.others.map((report) => unpaid(report, report.objection));
  const { beacon, payload } = checked;
  if (beacon === null) return { payload, beacon, witnesses: [], others };
  const seen = new Set<Hash>();
  for (const { reportId } of checked.witnesses) seen.add(reportId);
  for (const { reportId, signed } of checked.others) if (signed) seen.add(reportId);
  const { receivedAt } = beacon.position;
  state.recent.set(payload, { payload, reportId: beacon.reportId, receivedAt, seen });
  return { payload, ...judge(input, beacon), others };
}

/** Checks 6 and 8 of the beacon, 15 of its witnesses, clocks and selection. */
function judge(
  { state, checked, policy, epoch }: AdvanceInput,
  beacon: CheckedBeacon,
): Pick<PocVerdict, 'beacon' | 'witnesses'> {
  const { witnesses } = checked;
  const reciprocal = epoch >= BigInt(policy.reciprocity_from);
  const beaconer = caseOf(beacon, { state, policy });
  const failed = beacon.standing ?? regularInterval(beaconer) ?? beacon.content;
  moveBeaconClocks({ state, beacon, witnesses, failed });
  if (failed !== null) return beaconFailed(beacon, witnesses, failed);

  const objections = witnesses.map((witness): Objection | null => {
    if (witness.objection !== null) return witness.objection;
    const of = caseOf(witness, { state, policy });
    moveClock(state, { key: witness.key, clock: 'lastWitness', to: of.receivedAt });
    return (reciprocal ? wasBeaconer(of) : undefined) ?? null;
  });
  const unheard = reciprocal ? wasWitness(beaconer) : undefined;
  if (unheard !== undefined) return beaconFailed(beacon, witnesses, unheard);
  const valid = witnesses.filter((_, order) => objections[order] === null);
  const selected = select(valid, policy.selected_witnesses);
  const bucket = bucketOf(beacon.position.receivedAt, policy);
  return {
    beacon: verdict(beacon, { numbers: { bucket, ...beacon.numbers } }),
    witnesses: witnesses.map((witness, order) => {
      const objection = objections[order] ?? null;
      if (objection !== null) return unpaid(witness, objection);
      const { numbers } = witness;
      if (selected.has(witness)) return verdict(witness, { numbers, selected: true });
      return verdict(witness, { numbers, note: witness.trusted ? 'not_selected' : 'untrusted_pair' });
    }),
  };
}

/** A report with its hotspot's clocks as they are before it moves any. */
function caseOf(
  { key, position: { receivedAt } }: CheckedReport,
  { state, policy }: Pick<AdvanceInput, 'state' | 'policy'>,
): StatefulCase {
  return { clocks: clocksOf(state, key), policy, receivedAt };
}

/** `last_beacon` needs 1 to 5 and 7, `last_beacon_recip` 6 as well and somebody else's attached report. */
function moveBeaconClocks(of: {
  readonly state: PocState;
  readonly beacon: CheckedBeacon;
  readonly witnesses: readonly CheckedWitness[];
  readonly failed: Objection | null;
}): void {
  const { state, beacon, witnesses, failed } = of;
  const { key, position } = beacon;
  const to = position.receivedAt;
  if (beacon.standing === null && beacon.content === null) moveClock(state, { key, clock: 'lastBeacon', to });
  if (failed === null && witnesses.some((witness) => witness.key !== key))
    moveClock(state, { key, clock: 'lastBeaconRecip', to });
}

/** Every attached report takes the beacon's reason, whatever its own would have been. */
function beaconFailed(
  beacon: CheckedBeacon,
  witnesses: readonly CheckedWitness[],
  objection: Objection,
): Pick<PocVerdict, 'beacon' | 'witnesses'> {
  return {
    beacon: unpaid(beacon, objection),
    witnesses: witnesses.map((witness) => unpaid(witness, objection)),
  };
}

/** Reports of a payload whose PoC was judged: known ones are ignored, others badly signed, duplicates or too late. */
function judgeLate({ checked }: AdvanceInput, recent: RecentPoc): PocVerdict {
  const { seen } = recent;
  const verdicts: ReportVerdict[] = [];
  const judgeOne = (report: CheckedReport & Partial<Pick<CheckedOther, 'signed' | 'objection'>>): void => {
    const { reportId, signed = true, objection } = report;
    if (signed && (reportId === recent.reportId || seen.has(reportId))) return;
    if (signed) seen.add(reportId);
    const own = objection?.reason === 'bad_signature' || objection?.reason === 'gateway_not_found';
    verdicts.push(unpaid(report, own ? objection : lateObjection(report, recent)));
  };
  if (checked.beacon !== null) judgeOne(checked.beacon);
  for (const { kind, position, reportId, key } of checked.witnesses)
    judgeOne({ kind, position, reportId, key });
  checked.others.forEach(judgeOne);
  return { payload: checked.payload, beacon: null, witnesses: [], others: verdicts };
}

function lateObjection({ kind, position }: CheckedReport, recent: RecentPoc): Objection {
  const numbers: Numbers = { after_beacon_ms: position.receivedAt - recent.receivedAt };
  if (kind === 'beacon') return { reason: 'duplicate', side: 'beaconer', numbers };
  return { reason: 'too_late', side: 'witness', numbers };
}

/** The beacon of the payload, if a report at this place still meets it. */
function recentOf({ state, checked, policy }: AdvanceInput): RecentPoc | undefined {
  const recent = state.recent.get(checked.payload);
  return recent !== undefined && checked.at.receivedAt - recent.receivedAt <= policy.windows.identity_ms
    ? recent
    : undefined;
}

/** Keeps the map small; `recentOf` compares, so that it does not matter when this happens. */
function forgetRecent({ state, checked: { at }, policy }: AdvanceInput): void {
  for (const [payload, { receivedAt }] of state.recent) {
    if (at.receivedAt - receivedAt <= 2 * policy.windows.identity_ms) return;
    state.recent.delete(payload);
  }
}

function unpaid(report: CheckedReport, { reason, side, numbers }: Objection): ReportVerdict {
  return verdict(report, { reason, side, numbers });
}

/** Fields by name, not spread: there is one for each report. */
function verdict(
  { kind, position, reportId, key }: CheckedReport,
  of: Pick<ReportVerdict, 'numbers'> & Partial<Pick<ReportVerdict, 'reason' | 'side' | 'selected' | 'note'>>,
): ReportVerdict {
  const { reason = null, side = null, numbers, selected = false, note = null } = of;
  return { kind, position, reportId, key, reason, side, numbers, selected, note };
}
