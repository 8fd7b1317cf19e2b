import { openCheckpoint } from '#protocol/evidence/checkpoint';
import { decodeRecord, type LocatedRecord } from '#protocol/evidence/record';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import type { Policy } from '#protocol/policy';
import type { VerifySignature } from '#protocol/verify/poc';
import { JournalError } from '#services/runtime/evidence/journal-error';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { publicLogReader, type PublicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';

/** One log of the policy, wherever its records are read. */
export interface LogSource {
  readonly origin: string;
  /** A record can be read so long after its reception: a log without newer ones has passed the time before that. */
  readonly delayMs: number;
  /** How long to wait where nothing new was read. */
  readonly pauseMs: number;
  /** Up to `max` records from index `from`, or the first that is kept, on; empty where there are none yet. */
  readonly read: (from: number, max: number) => Promise<readonly LocatedRecord[]>;
}

/** A write takes less to be durable. */
const JOURNAL_DELAY_MS = 3000;
/** Nothing is public for 15 s, then the log publishes every second and is asked every second. */
const PUBLIC_DELAY_MS = 20_000;

/** The log of the ingest on this machine, as it grows. */
export function journalSource(log: { readonly origin: string; readonly dir: string }): LogSource {
  const reader = openJournalReader(log.dir);
  return {
    origin: log.origin,
    delayMs: JOURNAL_DELAY_MS,
    pauseMs: 25,
    read: async (from, max) => {
      try {
        return await reader.read(from, max);
      } catch (error) {
        if (!(error instanceof JournalError) || error.code !== 'journal_incomplete') throw error;
        // Epochs that are long over may have been dropped: a process without a memory begins after them.
        const first = await reader.first();
        if (first <= from) throw error;
        return await reader.read(first, max);
      }
    },
  };
}

/** Another ingest's log: entries that lead to a checkpoint which the log has signed. */
export function publicSource(options: {
  readonly log: Policy['logs'][number];
  readonly verify: VerifySignature;
  readonly reader?: PublicLogReader;
}): LogSource {
  const { origin, vkey, url } = options.log;
  const { reader = publicLogReader({ base: url }) } = options;
  const known = { origin, keys: [parseVerifierKey(vkey)], verify: options.verify };
  let tree: VerifiedTree | null = null;
  const treeBeyond = async (from: number): Promise<VerifiedTree> => {
    if (tree !== null && tree.size > from) return tree;
    const head = openCheckpoint(await reader.checkpoint(), known);
    return tree !== null && head.size <= tree.size ? tree : new VerifiedTree(reader, head);
  };
  return {
    origin,
    delayMs: PUBLIC_DELAY_MS,
    pauseMs: 1000,
    read: async (from, max) => {
      const newest = await treeBeyond(from);
      const end = Math.min(newest.size, from + max);
      const entries = from < end ? await newest.entries(from, end) : [];
      // Kept once something in it was proven.
      tree = newest;
      return entries.map((entry, at) => ({ index: from + at, entry, record: decodeRecord(entry) }));
    },
  };
}
