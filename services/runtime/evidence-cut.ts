import { earlierSession, type SealedEvidence } from '#protocol/evidence/cut';
import { decodeRecord, entryKind, entryReceivedAt } from '#protocol/evidence/record';
import type { Windows } from '#protocol/policy';
import type { EpochNumber } from '#protocol/units';
import type { EpochBounds } from './chain-epoch.ts';
import { sealEvidence } from './evidence/seal-evidence.ts';
import type { VerifiedTree } from './evidence/verified-tree.ts';

const PAGE = 4096;

/** The first index whose received_at is at least `time`; the tree's size where there is none. */
export async function firstIndexAt(tree: VerifiedTree, time: number): Promise<number> {
  let low = 0;
  let high = tree.size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [entry] = await tree.entries(middle, middle + 1);
    if (entry !== undefined && entryReceivedAt(entry) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the epoch's epoch_close at or after `from`; null where the log has not published it. */
export async function findEpochClose(
  tree: VerifiedTree,
  wanted: { readonly epoch: EpochNumber; readonly from: number },
): Promise<number | null> {
  for (let at = wanted.from; at < tree.size; at += PAGE) {
    const entries = await tree.entries(at, Math.min(tree.size, at + PAGE));
    const found = entries.findIndex((entry) => {
      const { body } = decodeRecord(entry);
      return body.kind === 'epoch_close' && body.epoch === wanted.epoch;
    });
    if (found >= 0) return at + found;
  }
  return null;
}

/** One log's evidence of an epoch, every entry verified; null while its epoch_close is not published. */
export async function readCut(
  tree: VerifiedTree,
  wanted: {
    readonly origin: string;
    readonly epoch: EpochNumber;
    readonly bounds: EpochBounds;
    readonly windows: Pick<Windows, 'identity_ms'>;
  },
): Promise<SealedEvidence | null> {
  const start = wanted.bounds.start * 1000;
  const close = await findEpochClose(tree, { epoch: wanted.epoch, from: await firstIndexAt(tree, start) });
  if (close === null) return null;
  const size = close + 1;
  const from = Math.max(0, (await firstIndexAt(tree, start - wanted.windows.identity_ms)) - 1);
  const sessions = await earlierSessions(tree, from, size);
  return await sealEvidence({ tree, origin: wanted.origin, from, size, sessions });
}

/** Whether a beacon or a packet was received in the epoch; where none was, nothing in it can count. */
export function holdsWhatCounts(evidence: SealedEvidence, bounds: EpochBounds): boolean {
  return evidence.entries.some((entry) => {
    const receivedAt = entryReceivedAt(entry);
    if (receivedAt <= bounds.start * 1000 || receivedAt > bounds.end * 1000) return false;
    const kind = entryKind(entry);
    return kind === 'beacon' || kind === 'packet';
  });
}

/** Indices from before the range that reports in it name as their session, whatever stands there. */
async function earlierSessions(tree: VerifiedTree, from: number, size: number): Promise<readonly number[]> {
  const named = new Set<number>();
  for (const entry of await tree.entries(from, size)) {
    const session = earlierSession(decodeRecord(entry).body, from);
    if (session !== null) named.add(session);
  }
  return [...named].sort((a, b) => a - b);
}
