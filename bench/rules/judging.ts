import { deriveBeacon } from '#protocol/crypto/payload';
import { advance } from '#protocol/verify/advance';
import { checkPoc } from '#protocol/verify/check-poc';
import { Grouper } from '#protocol/verify/grouper';
import type { PocGroup, PocVerdict } from '#protocol/verify/poc';
import { clocksOf, clonePocState } from '#protocol/verify/state';
import { openReport, reportId } from '#protocol/wire/report';
import { nativeSha256Hex as sha256Hex } from '#services/runtime/evidence/native-hash';
import type { RulesWorld } from './world.ts';

/** PoCs that are at hand at a time: jobs hold what came in within 50 ms. */
const BATCH = 10;

export interface JudgingFigure {
  readonly witnesses: number;
  /** Witness reports a second. */
  readonly judged: number;
  readonly decoded: number;
  /** If ids, payloads and look-ups were all there is to do. */
  readonly limit: number;
  /** Witness reports of a hundred that are paid. */
  readonly paid: number;
}

const verify = (): boolean => true;

/** How fast decoded PoCs are judged on one core but for their signatures, batch by batch as a worker gets them. */
export function measureJudging(
  world: RulesWorld,
  size: { readonly pocs: number; readonly witnesses: number; readonly rounds: number },
): JudgingFigure {
  const { pocs, witnesses } = size;
  const groups = world.pocs(size);
  const best = { decoded: Infinity, judged: Infinity, limit: Infinity };
  let paid = 0;
  for (let round = 0; round < size.rounds; round += 1) {
    const state = clonePocState(world.state);
    const seconds = { decoded: 0, judged: 0, limit: 0 };
    const timed = <Result>(name: keyof typeof seconds, work: () => Result): Result => {
      const began = process.hrtime.bigint();
      const result = work();
      seconds[name] += Number(process.hrtime.bigint() - began) / 1e9;
      return result;
    };
    paid = 0;
    for (let at = 0; at < pocs; at += BATCH) {
      const batch = groups.slice(at, at + BATCH);
      const decoded = timed('decoded', () => batch.map(decodedAgain));
      const verdicts = timed('judged', () => judgeAll(decoded, { ...world, state }));
      for (const verdict of verdicts) paid += verdict.witnesses.filter(({ selected }) => selected).length;
      const again = batch.map(decodedAgain);
      timed('limit', () => {
        doTheLeast(again, world);
      });
    }
    for (const name of ['decoded', 'judged', 'limit'] as const)
      best[name] = Math.min(best[name], seconds[name]);
  }
  const rate = (seconds: number): number => (pocs * witnesses) / seconds;
  return {
    witnesses,
    judged: rate(best.judged),
    decoded: rate(best.decoded),
    limit: rate(best.limit),
    paid: (100 * paid) / (pocs * witnesses),
  };
}

/** One line per figure. */
export function judgingLines(figures: readonly JudgingFigure[]): readonly string[] {
  return figures.map(
    ({ witnesses, judged, decoded, limit, paid }) =>
      `rules: ${Math.round(judged)} witnesses/s judged without signatures in PoCs of ${witnesses} ` +
      `(${Math.round(paid)} % paid); ${(judged / limit).toFixed(2)} of ids, payloads and look-ups alone ` +
      `(${Math.round(limit)}/s); decoded at ${Math.round(decoded)}/s`,
  );
}

function judgeAll(groups: readonly PocGroup[], world: Omit<RulesWorld, 'pocs'>): PocVerdict[] {
  const { registry, policy, deny, epoch, entropies, state } = world;
  return groups.map((group) => {
    const facts = { registry, policy, deny, epoch, entropies, verify, sha256Hex };
    return advance({ state, checked: checkPoc({ ...facts, group }), policy, epoch });
  });
}

/** What no judge can leave out: each report's id, each beacon's payload, each hotspot's facts and clocks. */
function doTheLeast(groups: readonly PocGroup[], { registry, state }: RulesWorld): void {
  let found = 0;
  for (const { reports } of groups)
    for (const { report } of reports) {
      found += reportId(report, sha256Hex).length;
      found += clocksOf(state, report.key).lastWitness ?? 0;
      const gain = registry.get(report.key)?.gain ?? 0;
      if (report.kind === 'witness') continue;
      const entropy = { data: report.remoteEntropy, timestamp: 0, version: 0 };
      const local = { ...entropy, data: report.localEntropy };
      found += deriveBeacon({ remote: entropy, local, region: 'EU868', gain }).channel;
    }
  if (found === 0) throw new RangeError('nothing was found');
}

function decodedAgain(group: PocGroup): PocGroup {
  const reports = group.reports.map(({ position, report }) => {
    const opened = openReport(report.kind, report.bytes);
    return { position, report: opened, signer: opened.key };
  });
  return { ...group, reports };
}

export interface FloodFigure {
  readonly reports: number;
  readonly milliseconds: number;
  readonly limit: number;
}

/** Grouping and judging a PoC of so many reports, and what its ids alone take. */
export function measureFlood(world: RulesWorld, witnesses: number): FloodFigure {
  const [group] = world.pocs({ pocs: 1, witnesses });
  if (group === undefined) throw new RangeError('no PoC');
  const { policy } = world;
  let [milliseconds, limit] = [Infinity, Infinity];
  for (let round = 0; round < 3; round += 1) {
    const { reports } = decodedAgain(group);
    const began = performance.now();
    const grouper = new Grouper({ verify, windows: policy.windows });
    for (const report of reports) grouper.push(report);
    judgeAll(grouper.flush(), { ...world, state: clonePocState(world.state) });
    const judged = performance.now();
    for (const { report } of reports) reportId(report, sha256Hex);
    milliseconds = Math.min(milliseconds, judged - began);
    limit = Math.min(limit, performance.now() - judged);
  }
  return { reports: witnesses, milliseconds, limit };
}

export function floodLine({ reports, milliseconds, limit }: FloodFigure): string {
  return (
    `rules: ${reports} reports on one beacon grouped and judged in ${Math.round(milliseconds)} ms; ` +
    `${(milliseconds / limit).toFixed(1)} times their ids alone (${Math.round(limit)} ms)`
  );
}
