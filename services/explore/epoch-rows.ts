import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { decimalText } from '#protocol/reward/decimal';
import { SHARE_DECIMALS } from '#protocol/reward/pools';
import {
  fileOf,
  FILES,
  openFile,
  openFolder,
  type EpochFolder,
  type FolderFiles,
} from '#protocol/settle/folder';
import { openShares } from '#protocol/settle/folder/shares-file';
import { openVerdicts } from '#protocol/settle/folder/verdicts-file';
import { hotspotLeafKey, payeeOfLeaf } from '#protocol/settle/leaf';
import { tupleHash } from '#protocol/settle/tuple';
import type { PocVerdict } from '#protocol/verify/poc';
import type { EpochRow, PayoutRow, ReportRow } from './tables.ts';
import { verdictRows } from './verdict-rows.ts';

export interface EpochRows {
  readonly epoch: EpochRow;
  readonly reports: readonly ReportRow[];
  readonly payouts: readonly PayoutRow[];
}

const Summary = Compile(
  Type.Object({ minted: Type.String(), operations: Type.String(), oracle: Type.String() }),
);

/**
 * What a settled epoch shows. The folder is an oracle's word: what it says of verdicts is recomputed by audits, not here.
 */
export function epochRows(files: FolderFiles): EpochRows {
  const folder = openFolder(files);
  const epoch = String(folder.facts.epoch);
  const summary = Summary.Parse(JSON.parse(Buffer.from(fileOf(files, FILES.summary)).toString('utf8')));
  const reports = verdictsOf(files).flatMap((verdict) =>
    verdictRows(verdict, { epoch, final: true, policy: folder.policy }),
  );
  return {
    epoch: {
      epoch,
      tuple_hash: tupleHash(folder.tuple),
      root: folder.tuple.root,
      leaf_count: folder.tuple.leafCount,
      cumulative_total: String(folder.tuple.cumulativeTotal),
      verdicts: reports.length,
      minted: summary.minted,
    },
    reports,
    payouts: [...hotspotPayouts(files, folder), ...payeePayouts(folder, summary)],
  };
}

function hotspotPayouts(files: FolderFiles, folder: EpochFolder): readonly PayoutRow[] {
  const cumulative = new Map<string, bigint>(folder.leaves.map((leaf) => [leaf.key, leaf.cumulative]));
  const { hotspots } = openFile(files, FILES.shares, openShares);
  return [...hotspots.values()].map(({ key, shares, amounts }) => ({
    epoch: String(folder.facts.epoch),
    subject: key,
    beacon_share: decimalText(shares.beacon, SHARE_DECIMALS),
    witness_share: decimalText(shares.witness, SHARE_DECIMALS),
    beacon_amount: String(amounts.beacon),
    witness_amount: String(amounts.witness),
    other_amount: String(amounts.data),
    cumulative: String(cumulative.get(hotspotLeafKey(key)) ?? 0n),
  }));
}

/** Oracles and the operations fund are paid to Payees; their part of this epoch stands in the summary. */
function payeePayouts(
  folder: EpochFolder,
  summary: { readonly operations: string; readonly oracle: string },
): readonly PayoutRow[] {
  return folder.leaves.flatMap((leaf) => {
    const address = payeeOfLeaf(leaf.key);
    if (address === null) return [];
    const operations = address === folder.facts.operations ? BigInt(summary.operations) : 0n;
    const oracle = folder.registry.voters.includes(address) ? BigInt(summary.oracle) : 0n;
    return [
      {
        epoch: String(folder.facts.epoch),
        subject: `payee:${address}`,
        beacon_share: '0',
        witness_share: '0',
        beacon_amount: '0',
        witness_amount: '0',
        other_amount: String(operations + oracle),
        cumulative: String(leaf.cumulative),
      },
    ];
  });
}

function verdictsOf(files: FolderFiles): readonly PocVerdict[] {
  const { verdicts, badlySigned } = openFile(files, FILES.verdicts, openVerdicts);
  return [
    ...verdicts,
    ...badlySigned.map((other) => ({ payload: '', beacon: null, witnesses: [], others: [other] })),
  ];
}
