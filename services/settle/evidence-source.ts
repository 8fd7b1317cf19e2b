import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { decodeRecord } from '#protocol/evidence/record';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import type { EpochNumber } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { openReport } from '#protocol/wire/report';
import type { EpochBounds } from '#services/runtime/chain-epoch';
import { readCut } from '#services/runtime/evidence-cut';
import type { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { mirrorPath } from '#services/runtime/public-epochs';
import type { Logger } from '#services/runtime/logger';
import { Outage } from '#services/runtime/outage';
import { openLogMirror, type LogMirror } from './log-mirror.ts';

/** Entries in memory at a time while a log is taken over. */
const PAGE = 1024;

/** The public evidence of a policy's logs, mirrored and verified by this oracle. */
export interface EvidenceSource {
  /** Fetches what the logs have published since; every entry is verified before it is used. */
  sync(logs: Policy['logs']): Promise<void>;
  /** One per log, in the policy's order; throws Outage evidence_late while a log has not published its epoch_close. */
  cut(input: {
    readonly logs: Policy['logs'];
    readonly epoch: EpochNumber;
    readonly bounds: EpochBounds;
  }): Promise<readonly SealedEvidence[]>;
}

export function openEvidenceSource(options: {
  /** The oracle's folder. */
  readonly folder: string;
  readonly verify: VerifySignature;
  /** Looks at what a log has gained, before its epoch ends. */
  readonly ahead: (origin: string, tree: VerifiedTree, gained: number) => Promise<void>;
  readonly logger: Logger;
}): EvidenceSource {
  const mirrors = new Map<string, Promise<LogMirror>>();

  function mirrorOf(log: Policy['logs'][number]): Promise<LogMirror> {
    const id = createHash('sha256').update(JSON.stringify(log)).digest('hex');
    const held = mirrors.get(id);
    if (held !== undefined) return held;
    const opened = openLogMirror({ ...options, log, folder: join(options.folder, mirrorPath(log.origin)) });
    mirrors.set(id, opened);
    opened.catch(() => mirrors.delete(id));
    return opened;
  }

  return {
    async sync(logs) {
      for (const log of logs) {
        const mirror = await mirrorOf(log);
        const gained = await mirror.sync();
        if (mirror.tree === null || gained === 0) continue;
        await verifyEarly(mirror.tree, gained, options.verify);
        await options.ahead(log.origin, mirror.tree, gained);
      }
    },
    async cut({ logs, epoch, bounds }) {
      const cuts: SealedEvidence[] = [];
      for (const log of logs) {
        const mirror = await mirrorOf(log);
        const cut = await readMirror(mirror, (tree) => readCut(tree, { origin: log.origin, epoch, bounds }));
        if (cut === null) throw new Outage('evidence_late', { origin: log.origin, epoch });
        cuts.push(cut);
      }
      return cuts;
    },
  };
}

/** Reads from the mirror; damage that shows only now has the mirror fetched again with the next sync. */
async function readMirror<Value>(
  mirror: LogMirror,
  read: (tree: VerifiedTree) => Promise<Value>,
): Promise<Value | null> {
  try {
    return mirror.tree === null ? null : await read(mirror.tree);
  } catch (error) {
    if (isDamage(error)) mirror.refetch();
    throw error;
  }
}

function isDamage(error: unknown): boolean {
  if (error instanceof Outage) return error.code === 'file_missing';
  return (
    error instanceof ProtocolError && (error.code === 'evidence_mismatch' || error.code === 'malformed_tile')
  );
}

/** Verifies the signatures of the newest entries from their bytes, page by page; the verifier remembers them. */
async function verifyEarly(tree: VerifiedTree, newest: number, verify: VerifySignature): Promise<void> {
  for (let at = tree.size - newest; at < tree.size; at += PAGE)
    for (const entry of await tree.entries(at, Math.min(tree.size, at + PAGE))) verifyEntry(entry, verify);
}

/** What cannot be opened is judged later. */
function verifyEntry(entry: Uint8Array, verify: VerifySignature): void {
  const { body } = decodeRecord(entry);
  if (body.kind !== 'beacon' && body.kind !== 'witness') return;
  try {
    const report = openReport(body.kind, body.report);
    if (body.session === null)
      verify({ key: report.key, message: report.signedBytes, signature: report.signature });
  } catch {
    // Its verdict comes with the epoch.
  }
}
