import type { Sha256Hex } from '../../crypto/sha256-hex.ts';
import type { DenyList } from '../../deny/deny-list.ts';
import type { EpochFacts } from '../../epoch.ts';
import type { Policy, Windows } from '../../policy.ts';
import { millis, type Cell } from '../../units.ts';
import { advance } from '../../verify/advance.ts';
import { checkPoc } from '../../verify/check-poc.ts';
import { Grouper, judgedAt } from '../../verify/grouper.ts';
import type {
  EntropyFact,
  LoggedReport,
  PocGroup,
  PocState,
  PocVerdict,
  Position,
  Registry,
  ReportVerdict,
  VerifySignature,
} from '../../verify/poc.ts';
import { comparePositions } from '../../verify/position.ts';
import { recentPocOf } from '../../verify/recent-poc.ts';
import { isRegistered } from '../../verify/rules/participant.ts';
import { clonePocState, forgetBefore, rememberEntropy } from '../../verify/state.ts';

export interface JudgedEpoch {
  /** PoCs whose beacon lies in the epoch, and late reports of the epoch, in the order of judgement. */
  readonly verdicts: readonly PocVerdict[];
  /** Badly signed reports of the epoch that belong to no PoC of it, in order. */
  readonly badlySigned: readonly ReportVerdict[];
  /** Whether a registered key signed a beacon report of the epoch. */
  readonly hasBeacon: boolean;
  /** The state after the epoch's last PoC. */
  readonly state: PocState;
}

/** Judges an epoch's reports in order, moving a copy of the state. */
export function judgeEpoch(input: {
  readonly facts: Pick<EpochFacts, 'epoch' | 'start' | 'end'>;
  readonly policy: Policy;
  readonly deny: DenyList;
  readonly registry: Registry;
  readonly state: PocState;
  /** In order, from 181 s before the epoch's start. */
  readonly reports: readonly LoggedReport[];
  readonly entropies: readonly EntropyFact[];
  readonly verify: VerifySignature;
  readonly sha256Hex?: Sha256Hex | undefined;
}): JudgedEpoch {
  const { facts, policy, deny, registry, verify, sha256Hex } = input;
  const { epoch } = facts;
  const state = clonePocState(input.state);
  for (const entropy of input.entropies) rememberEntropy(state.entropies, entropy);
  const inEpoch = ({ receivedAt }: Position): boolean =>
    facts.start * 1000 < receivedAt && receivedAt <= facts.end * 1000;

  const grouper = new Grouper({ verify, windows: policy.windows, recent: state.recent.values() });
  for (const report of input.reports) grouper.push(report);
  const verdicts: PocVerdict[] = [];
  const badlySigned: ReportVerdict[] = [];
  const judge = (group: PocGroup): PocVerdict =>
    advance({
      state,
      checked: checkPoc({
        group,
        registry,
        policy,
        deny,
        epoch,
        entropies: state.entropies,
        verify,
        sha256Hex,
      }),
      policy,
      epoch,
    });
  for (const group of grouper.flush()) {
    if (group.kind === 'stale' || judgedAt(group).receivedAt > facts.end * 1000) {
      // What meets no beacon of the epoch has no verdict in it, but a bad signature is public.
      const reports = group.reports.filter(({ position }) => inEpoch(position));
      if (reports.length === 0) continue;
      badlySigned.push(...judge({ ...group, kind: 'stale', beacon: null, reports }).others.filter(isBad));
      continue;
    }
    if (!inEpoch(judgedAt(group))) {
      // Unknown to the state: the network had not begun, or that epoch was empty. Its identity holds all the same.
      if (group.kind === 'poc') state.recent.set(group.payload, recentPocOf(group, verify));
      continue;
    }
    const verdict = judge(group);
    if (group.kind === 'loose') badlySigned.push(...verdict.others.filter(isBad));
    // Badly signed reports from before the start were named in the epoch of their reception.
    const others = verdict.others.filter(
      (other) => !isBad(other) || (group.kind === 'poc' && other.position.receivedAt > facts.start * 1000),
    );
    if (verdict.beacon !== null || others.length > 0) verdicts.push({ ...verdict, others });
  }
  forgetBefore(state, { time: millis(facts.end * 1000), windows: policy.windows });
  badlySigned.sort((a, b) => comparePositions(a.position, b.position));
  const hasBeacon = verdicts.some(({ beacon, others }) =>
    [...(beacon === null ? [] : [beacon]), ...others].some(
      ({ kind, key, position, reason }) =>
        kind === 'beacon' &&
        reason !== 'bad_signature' &&
        inEpoch(position) &&
        isRegistered(registry.get(key), position.receivedAt),
    ),
  );
  return { verdicts, badlySigned, hasBeacon, state };
}

/** Cells of the hotspots whose last heard beacon is younger than `active_ms` at the end (seconds), one per hotspot. */
export function activeCells(input: {
  readonly state: PocState;
  readonly registry: Registry;
  readonly end: number;
  readonly windows: Windows;
}): Cell[] {
  const cells: Cell[] = [];
  for (const [key, { lastBeaconRecip }] of input.state.clocks) {
    const cell = input.registry.get(key)?.cell ?? null;
    if (
      cell !== null &&
      lastBeaconRecip !== null &&
      input.end * 1000 - lastBeaconRecip < input.windows.active_ms
    )
      cells.push(cell);
  }
  return cells;
}

function isBad({ reason }: ReportVerdict): boolean {
  return reason === 'bad_signature';
}
