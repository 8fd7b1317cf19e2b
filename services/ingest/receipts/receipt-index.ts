import { decodeRecord } from '#protocol/evidence/record';
import type { Receipt } from '#protocol/evidence/receipt';
import { ProtocolError } from '#protocol/errors';
import type { HotspotKey } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { toHex } from '#protocol/wire/hex';
import { openReport, type BeaconReport, type WitnessReport } from '#protocol/wire/report';
import { nativeSha256Hex } from '../../runtime/evidence/native-hash.ts';
import type { EvidenceLog } from '#services/runtime/log/open-log';

/** Which report is meant: who signed it, and the payload that was on air, in hex. */
export interface ReportName {
  readonly key: HotspotKey;
  readonly payload: string;
}

/** Receipts of reports that are public already, by hotspot and payload. */
export interface ReceiptIndex {
  /** The first few that the hotspot signed, oldest first; none for what is not public, or was before the span. */
  find(name: ReportName): Promise<readonly Receipt[]>;
}

const ROUND = 4096;
/** Copies of one report are one report: more than these few help nobody. */
const MAX_FOUND = 8;
/** Entries under one name that are looked at: forgers may have written more. */
const MAX_TRIED = 256;

/**
 * Looks only at entries below the newest checkpoint, which every reader has: so that whoever asks learns nothing early, not
 * even by how long the answer takes. Remembers the places of the last `limit` entries, 50 bytes each, no content.
 */
export function openReceiptIndex(options: {
  readonly log: Pick<EvidenceLog, 'first' | 'published' | 'publishedEntries' | 'receiptAgain'>;
  readonly limit: number;
  /** Anybody can write a key into a report: receipts are for the hotspot's own. */
  readonly verify: VerifySignature;
}): ReceiptIndex {
  const { log, limit, verify } = options;
  const places = new Map<number, number[]>();
  /** The name of the entry at each of the last `limit` indices; NaN where it is no report. */
  const names = new Float64Array(limit).fill(NaN);
  let next = 0;
  let running: Promise<void> | null = null;

  const put = (index: number, name: number): void => {
    const slot = index % limit;
    const old = names[slot] ?? NaN;
    const rest = places.get(old)?.filter((place) => place > index - limit) ?? [];
    if (rest.length > 0) places.set(old, rest);
    else places.delete(old);
    names[slot] = name;
    if (!Number.isNaN(name)) places.set(name, [...(places.get(name) ?? []), index].slice(0, MAX_TRIED));
  };
  const catchUp = async (): Promise<void> => {
    const size = log.published?.size ?? 0;
    next = Math.max(next, log.first, size - limit);
    while (next < size) {
      const entries = await log.publishedEntries(next, Math.min(ROUND, size - next));
      if (entries.length === 0) return;
      for (const entry of entries) {
        const report = reportOf(entry);
        put(next, report === null ? NaN : shortName({ key: report.key, payload: toHex(report.data) }));
        next += 1;
      }
    }
  };
  return {
    find: async (name) => {
      running ??= catchUp().finally(() => (running = null));
      await running;
      const found: Receipt[] = [];
      for (const index of places.get(shortName(name)) ?? []) {
        if (found.length === MAX_FOUND) break;
        // Short names may meet by chance: the entry itself decides.
        const [entry] = await log.publishedEntries(index, 1);
        const report = entry === undefined ? null : reportOf(entry);
        if (report === null || report.key !== name.key || toHex(report.data) !== name.payload) continue;
        const { key, signedBytes: message, signature } = report;
        const receipt = verify({ key, message, signature }) ? await log.receiptAgain(index) : null;
        if (receipt !== null) found.push(receipt);
      }
      return found;
    },
  };
}

function reportOf(entry: Uint8Array): BeaconReport | WitnessReport | null {
  const { body } = decodeRecord(entry);
  if (body.kind !== 'beacon' && body.kind !== 'witness') return null;
  try {
    return openReport(body.kind, body.report);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/** 48 bits of a digest, which a number holds. */
function shortName({ key, payload }: ReportName): number {
  return Number.parseInt(nativeSha256Hex(Buffer.from(`${key}${payload}`)).slice(0, 12), 16);
}
