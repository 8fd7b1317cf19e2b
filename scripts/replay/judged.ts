import { openEvidence } from '#protocol/evidence/cut';
import { mergeEvidence } from '#protocol/settle/logged-reports';
import type { LoggedReport } from '#protocol/verify/poc';
import { Grouper } from '#protocol/verify/grouper';
import { verifySignature } from '#services/runtime/signature';
import { sealedEvidence, type ReplayRecord, type ReplayRun } from './runs.ts';

/** Decodes a run's log as settlement does. */
export function reportsOf(
  run: ReplayRun,
  records: readonly ReplayRecord[] = run.records,
): readonly LoggedReport[] {
  return mergeEvidence([openEvidence(sealedEvidence(run, records))], verifySignature).reports;
}

/** Witness reports that met no beacon: they belong to no epoch. */
export function staleOf(run: ReplayRun): readonly LoggedReport[] {
  const grouper = new Grouper({ verify: verifySignature, windows: run.input.policy.windows });
  for (const report of reportsOf(run)) grouper.push(report);
  return grouper.flush().flatMap(({ kind, reports }) => (kind === 'stale' ? reports : []));
}
