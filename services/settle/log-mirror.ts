import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint, type Checkpoint } from '#protocol/evidence/checkpoint';
import { equalBytes } from '#protocol/evidence/merkle';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import type { VerifySignature } from '#protocol/verify/poc';
import { FORK_NAME, forkFile } from '#services/runtime/evidence/fork-file';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import type { Logger } from '#services/runtime/logger';
import { Outage } from '#services/runtime/outage';
import { replaceFile } from '#services/runtime/replace-file';
import { extendMirror } from './mirror-files.ts';

export interface LogMirror {
  /** The tree that is mirrored whole; null before the first sync. */
  readonly tree: VerifiedTree | null;
  /** Name of the file that convicts the log; null while it is one log. */
  readonly fork: string | null;
  /**
   * Fetches and verifies what the log published since, from the first place that answers well, or `everywhere`: a log may
   * show others what it withholds here. Answers with how many entries the mirror has gained. Throws what the last place
   * failed with where none answered, and evidence_mismatch once the log has forked.
   */
  sync(options?: { readonly everywhere?: boolean }): Promise<number>;
  /** A note of the log that somebody else holds, no larger than the tree: where it does not fit, the log has forked. */
  compare(note: Uint8Array): Promise<void>;
  /** Files of the mirror turned out to be damaged: the next sync fetches all of them again, over those that are there. */
  refetch(): void;
}

export interface LogMirrorOptions {
  readonly log: Policy['logs'][number];
  /** Where the log's files may be read now: its own server, then mirrors. */
  readonly places: () => readonly string[];
  readonly folder: string;
  readonly verify: VerifySignature;
  readonly logger: Logger;
}

interface Head extends Checkpoint {
  readonly note: Uint8Array;
}

/** Opens what an earlier run mirrored; what of it does not verify is fetched again. */
export async function openLogMirror(options: LogMirrorOptions): Promise<LogMirror> {
  const { log, folder, verify, logger } = options;
  const local = publicLogReader({ base: folder });
  const known = { origin: log.origin, keys: [parseVerifierKey(log.vkey)], verify };
  await mkdir(folder, { recursive: true });
  let fork = (await readdir(folder)).find((name) => FORK_NAME.test(name)) ?? null;
  /** The newest checkpoint that was accepted: also where files are damaged, whatever comes must extend it. */
  let held = await unlessDamaged(async () => openHead(await local.checkpoint()));
  let tree = held === null ? null : await openKept(held);
  /** Size of the older checkpoint that was told of last. */
  let told: number | null = null;

  function openHead(note: Uint8Array): Head {
    return { ...openCheckpoint(note, known), note };
  }

  async function openKept(head: Checkpoint): Promise<VerifiedTree | null> {
    return await unlessDamaged(async () => {
      const kept = new VerifiedTree(local, head);
      // The right edge proves the newest bundle, where a crash leaves its traces.
      await kept.entries(Math.max(0, kept.size - 1), kept.size);
      return kept;
    });
  }

  /** null where files are damaged or not there; a disk that cannot be read now says nothing about them. */
  async function unlessDamaged<Value>(open: () => Promise<Value>): Promise<Value | null> {
    try {
      return await open();
    } catch (error) {
      if (error instanceof Outage && error.code === 'file_missing') return null;
      if (error instanceof Outage) throw error;
      logger.warn({ error, origin: log.origin }, 'the mirror is damaged: fetching it again');
      return null;
    }
  }

  /** Two checkpoints that do not fit convict the log: both are kept, and nothing more is taken from it. */
  async function requirePrefix(older: Head, newer: Head, of: VerifiedTree): Promise<void> {
    const root = older.size === newer.size ? newer.root : await of.rootAt(older.size);
    if (equalBytes(root, older.root)) return;
    const file = await forkFile({ log, older: older.note, newer: newer.note, tree: of, verify });
    await replaceFile(join(folder, file.name), file.text);
    fork = file.name;
    logger.error({ origin: log.origin, fork }, 'the log forked: nothing more is taken from it');
    throw forked(file.name);
  }

  /** A copy from before what is held, as caches give: a prefix of it, or one more fork. */
  async function requireOlder(older: Head, than: Head): Promise<void> {
    const kept = tree;
    if (kept === null) return;
    const root = await unlessDamaged(() => kept.rootAt(older.size));
    if (root !== null && !equalBytes(root, older.root)) await requirePrefix(older, than, kept);
    if (told !== older.size)
      logger.warn(
        { origin: log.origin, size: older.size, held: than.size },
        'the log shows an older checkpoint',
      );
    told = older.size;
  }

  function forked(file: string): ProtocolError {
    return new ProtocolError('evidence_mismatch', { origin: log.origin, fork: file });
  }

  async function syncFrom(place: string): Promise<number> {
    const remote = publicLogReader({ base: place });
    const head = openHead(await remote.checkpoint());
    const next = new VerifiedTree(remote, head);
    if (held !== null && head.size < held.size) {
      await requireOlder(head, held);
      return 0;
    }
    if (held !== null) await requirePrefix(held, head, next);
    const oldSize = tree?.size ?? 0;
    if (tree !== null && head.size === oldSize) return 0;
    await extendMirror({
      folder,
      oldSize,
      size: head.size,
      checkpoint: head.note,
      entries: (from, to) => next.entries(from, to),
    });
    tree = new VerifiedTree(local, head);
    held = head;
    return head.size - oldSize;
  }

  async function sync({ everywhere = false } = {}): Promise<number> {
    let gained: number | null = null;
    let failure: unknown = new Outage('file_missing', { origin: log.origin, path: 'checkpoint' });
    for (const place of options.places()) {
      if (fork !== null) throw forked(fork);
      try {
        gained = (gained ?? 0) + (await syncFrom(place));
        if (!everywhere) break;
      } catch (error) {
        failure = error;
      }
    }
    if (fork !== null) throw forked(fork);
    if (gained === null) throw failure;
    return gained;
  }

  return {
    get tree() {
      return tree;
    },
    get fork() {
      return fork;
    },
    sync,
    compare: async (note) => {
      if (held !== null && tree !== null) await requirePrefix(openHead(note), held, tree);
    },
    refetch: () => {
      tree = null;
    },
  };
}
