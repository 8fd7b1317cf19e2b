import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { fileOf, FILES, openFolder, type EpochFolder, type FolderFiles } from '#protocol/settle/folder';
import { hotspotLeafKey, payeeOfLeaf } from '#protocol/settle/leaf';
import { tupleHash } from '#protocol/settle/tuple';
import type { PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import { keyFromText } from '#protocol/wire/key';
import type { EpochRow, PayoutRow, ReportRow } from './tables.ts';
import { verdictRows } from './verdict-rows.ts';

export interface EpochRows {
  readonly epoch: EpochRow;
  readonly reports: readonly ReportRow[];
  readonly payouts: readonly PayoutRow[];
}

const Shares = Compile(
  Type.Object({
    hotspots: Type.Array(
      Type.Object({
        key: Type.String(),
        beacon_shares: Type.String(),
        witness_shares: Type.String(),
        beacon: Type.String(),
        witness: Type.String(),
        data: Type.String(),
      }),
    ),
  }),
);
const Summary = Compile(
  Type.Object({ minted: Type.String(), operations: Type.String(), oracle: Type.String() }),
);

/**
 * What a settled epoch shows. The folder is an oracle's word: what it says of verdicts is recomputed by audits, not here.
 */
export function epochRows(files: FolderFiles): EpochRows {
  const folder = openFolder(files);
  const epoch = String(folder.facts.epoch);
  const summary = Summary.Parse(jsonOf(files, FILES.summary));
  const reports = verdictsOf(files).flatMap((verdict) => verdictRows(verdict, { epoch, final: true }));
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
  return Shares.Parse(jsonOf(files, FILES.shares)).hotspots.map((hotspot) => {
    const key = keyFromText(hotspot.key);
    return {
      epoch: String(folder.facts.epoch),
      subject: key,
      beacon_share: hotspot.beacon_shares,
      witness_share: hotspot.witness_shares,
      beacon_amount: hotspot.beacon,
      witness_amount: hotspot.witness,
      other_amount: hotspot.data,
      cumulative: String(cumulative.get(hotspotLeafKey(key)) ?? 0n),
    };
  });
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

type Line = { readonly poc: PocVerdict } | { readonly badly_signed: ReportVerdict };

function verdictsOf(files: FolderFiles): readonly PocVerdict[] {
  const lines = textOf(files, FILES.verdicts)
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((text) => {
    const line = JSON.parse(text) as Line;
    if ('poc' in line) return line.poc;
    return { payload: '', beacon: null, witnesses: [], others: [line.badly_signed] };
  });
}

function jsonOf(files: FolderFiles, name: string): unknown {
  return JSON.parse(textOf(files, name));
}

function textOf(files: FolderFiles, name: string): string {
  return Buffer.from(fileOf(files, name)).toString('utf8');
}
