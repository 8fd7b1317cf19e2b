import { decodeRecord, type EvidenceRecord } from '#protocol/evidence/record';
import { TILE_WIDTH } from '#protocol/evidence/tile';
import { ProtocolError } from '#protocol/errors';
import type { Hash, HotspotKey, Millis } from '#protocol/units';
import { hashOf, toHex } from '#protocol/wire/hex';
import { openReport, reportId, type ReportKind } from '#protocol/wire/report';
import { nativeLeafHash, nativeSha256Hex } from './native-hash.ts';
import type { PublishedLog } from './published-log.ts';

/** A report at its place in a log, proven to stand there. */
export interface FoundReport {
  readonly index: number;
  readonly kind: ReportKind;
  readonly receivedAt: Millis;
  readonly payload: string;
  readonly reportId: Hash;
  readonly leaf: Hash;
  /** Of the tree of `size` entries. */
  readonly proof: readonly Uint8Array[];
  readonly size: number;
}

/** Every report that names a key, and a payload if one is given, among the entries from an index on of a log's public files. */
export async function* findReports(of: {
  readonly log: PublishedLog;
  readonly hotspot: HotspotKey;
  readonly payload: string | null;
  readonly from: number;
}): AsyncGenerator<FoundReport> {
  const { hotspot, payload } = of;
  const { tree } = of.log;
  for (let start = of.from; start < tree.size;) {
    const end = Math.min(tree.size, (Math.floor(start / TILE_WIDTH) + 1) * TILE_WIDTH);
    for (const [at, entry] of (await tree.entries(start, end)).entries()) {
      const found = reportOf(decodeRecord(entry));
      if (found?.key !== hotspot || (payload !== null && toHex(found.data) !== payload)) continue;
      const index = start + at;
      yield {
        index,
        kind: found.kind,
        receivedAt: found.receivedAt,
        payload: toHex(found.data),
        reportId: reportId(found, nativeSha256Hex),
        leaf: hashOf(nativeLeafHash(entry)),
        proof: await tree.inclusionProof(index),
        size: tree.size,
      };
    }
    start = end;
  }
}

/** null for records of other kinds, and reports that nobody can read. */
function reportOf({ body, receivedAt }: EvidenceRecord) {
  if (body.kind !== 'beacon' && body.kind !== 'witness') return null;
  try {
    return { ...openReport(body.kind, body.report), receivedAt };
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
