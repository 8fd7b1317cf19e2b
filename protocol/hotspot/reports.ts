import type { Policy } from '../policy.ts';
import { pocUnits } from '../reward/units.ts';
import type { EpochShares } from '../settle/folder/shares-file.ts';
import type { EpochVerdicts } from '../settle/folder/verdicts-file.ts';
import type { HotspotKey } from '../units.ts';
import { explain } from '../verify/explain/explain.ts';
import type { PocVerdict, ReportVerdict } from '../verify/poc.ts';
import { causesOf, type Cause } from './causes.ts';

/** A report's verdict in a sentence, and what it earned: shares are scaled by 10^SHARE_DECIMALS. */
export interface ExplainedReport {
  readonly verdict: ReportVerdict;
  readonly says: string;
  readonly shares: bigint;
}

/** A beacon report of the hotspot, with what became of it. */
export interface SentBeacon extends ExplainedReport {
  /** Reports of others that attached, how many were valid, how many are paid. */
  readonly attached: number;
  readonly valid: number;
  readonly selected: number;
  /** Why attached ones are not paid. */
  readonly causes: readonly Cause[];
}

/** A witness report, with the hotspot at the other end; null where the report met no beacon that the folder names. */
export interface WitnessReportOf extends ExplainedReport {
  readonly other: HotspotKey | null;
}

/** A hotspot's reports of an epoch, and those that others sent about its beacons, in the order of judgement. */
export interface HotspotReports {
  readonly sent: readonly SentBeacon[];
  readonly given: readonly WitnessReportOf[];
  readonly received: readonly WitnessReportOf[];
}

const NOT_ATTACHED = { attached: 0, valid: 0, selected: 0, causes: [] };

/** Gathers what an epoch's verdicts say of one hotspot (poc.md 5: the beaconer's scale also applies to its witnesses). */
export function hotspotReports(input: {
  readonly key: HotspotKey;
  readonly verdicts: EpochVerdicts;
  readonly shares: EpochShares;
  readonly policy: Policy;
}): HotspotReports {
  const { key, verdicts, policy } = input;
  const sent: SentBeacon[] = [];
  const given: WitnessReportOf[] = [];
  const received: WitnessReportOf[] = [];
  const beaconers = new Map(
    verdicts.verdicts.flatMap(({ payload, beacon }) => (beacon === null ? [] : [[payload, beacon.key]])),
  );
  const told = (verdict: ReportVerdict, shares: bigint): ExplainedReport => ({
    verdict,
    says: explain(verdict, policy),
    shares,
  });
  for (const poc of verdicts.verdicts) {
    const { beacon, witnesses, others } = poc;
    const beaconer = beaconers.get(poc.payload) ?? null;
    const paid = sharesOf(poc, input);
    if (beacon?.key === key) {
      const heard = witnesses.filter((witness) => witness.key !== key);
      sent.push({
        ...told(beacon, paid.beacon),
        attached: heard.length,
        valid: heard.filter(({ reason }) => reason === null).length,
        selected: heard.filter(({ selected }) => selected).length,
        causes: causesOf(heard, 'witness'),
      });
    }
    for (const verdict of [...witnesses, ...others]) {
      const shares = verdict.selected ? paid.witness : 0n;
      if (verdict.key !== key) {
        if (beaconer === key && verdict.kind === 'witness')
          received.push({ ...told(verdict, shares), other: verdict.key });
      } else if (verdict.kind === 'witness') given.push({ ...told(verdict, shares), other: beaconer });
      else sent.push({ ...told(verdict, 0n), ...NOT_ATTACHED });
    }
  }
  for (const verdict of verdicts.badlySigned.filter((each) => each.key === key))
    if (verdict.kind === 'witness') given.push({ ...told(verdict, 0n), other: null });
    else sent.push({ ...told(verdict, 0n), ...NOT_ATTACHED });
  return { sent, given, received };
}

/** Shares of a PoC's beacon, and of each of its selected witnesses. */
function sharesOf(
  { beacon, witnesses }: PocVerdict,
  { shares, policy }: { readonly shares: EpochShares; readonly policy: Policy },
): { readonly beacon: bigint; readonly witness: bigint } {
  const selected = witnesses.filter((witness) => witness.selected).length;
  if (beacon === null || beacon.reason !== null || selected === 0) return { beacon: 0n, witness: 0n };
  const units = pocUnits(selected, policy.units);
  const scale = shares.hotspots.get(beacon.key)?.scale ?? BigInt(policy.unknown_scale_bp);
  return { beacon: scale * units.beacon, witness: scale * units.witness };
}
