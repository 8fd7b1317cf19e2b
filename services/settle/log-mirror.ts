import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint, type Checkpoint } from '#protocol/evidence/checkpoint';
import { equalBytes } from '#protocol/evidence/merkle';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import type { VerifySignature } from '#protocol/verify/poc';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import type { Logger } from '#services/runtime/logger';
import { Outage } from '#services/runtime/outage';
import { extendMirror } from './mirror-files.ts';

export interface LogMirror {
  /** The tree that is mirrored whole; null before the first sync. */
  readonly tree: VerifiedTree | null;
  /** Fetches and verifies what the log published since; answers with how many entries the mirror has gained. */
  sync(): Promise<number>;
  /** Files of the mirror turned out to be damaged: the next sync fetches all of them again, over those that are there. */
  refetch(): void;
}

export interface LogMirrorOptions {
  readonly log: Policy['logs'][number];
  readonly folder: string;
  readonly verify: VerifySignature;
  readonly logger: Logger;
}

/** Opens what an earlier run mirrored; what of it does not verify is fetched again. */
export async function openLogMirror(options: LogMirrorOptions): Promise<LogMirror> {
  const { log, folder, logger } = options;
  const remote = publicLogReader({ base: log.url });
  const local = publicLogReader({ base: folder });
  const known = { origin: log.origin, keys: [parseVerifierKey(log.vkey)], verify: options.verify };
  await mkdir(folder, { recursive: true });
  /** The newest checkpoint that was accepted: also where files are damaged, whatever comes must extend it. */
  let held = await unlessDamaged(async () => openCheckpoint(await local.checkpoint(), known));
  let tree = held === null ? null : await openKept(held);
  /** Size of the older checkpoint that was told of last. */
  let told: number | null = null;

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

  async function requireExtension(next: VerifiedTree, bytes: Uint8Array): Promise<void> {
    if (held === null) return;
    const root = next.size === held.size ? next.root : await next.rootAt(held.size);
    if (!equalBytes(root, held.root)) await refuseFork(held.size, next.size, bytes);
  }

  /** A copy from before what is held, as caches give: a prefix of it, or one more fork. */
  async function requirePrefix(older: Checkpoint, than: Checkpoint, bytes: Uint8Array): Promise<void> {
    const kept = tree;
    if (kept === null) return;
    const root = await unlessDamaged(() => kept.rootAt(older.size));
    if (root !== null && !equalBytes(root, older.root)) await refuseFork(than.size, older.size, bytes);
    if (told !== older.size)
      logger.warn(
        { origin: log.origin, size: older.size, held: than.size },
        'the log shows an older checkpoint',
      );
    told = older.size;
  }

  /** Two checkpoints that do not fit convict the log: both are kept, and nothing more is taken from it. */
  async function refuseFork(size: number, other: number, bytes: Uint8Array): Promise<never> {
    await writeFile(join(folder, `fork-${size}-${other}`), bytes);
    throw new ProtocolError('evidence_mismatch', { origin: log.origin, path: 'checkpoint', size, other });
  }

  async function sync(): Promise<number> {
    const bytes = await remote.checkpoint();
    const head = openCheckpoint(bytes, known);
    const next = new VerifiedTree(remote, head);
    if (held !== null && head.size < held.size) {
      await requirePrefix(head, held, bytes);
      return 0;
    }
    await requireExtension(next, bytes);
    const oldSize = tree?.size ?? 0;
    if (tree !== null && head.size === oldSize) return 0;
    await extendMirror({
      folder,
      oldSize,
      size: head.size,
      checkpoint: bytes,
      entries: (from, to) => next.entries(from, to),
    });
    tree = new VerifiedTree(local, head);
    held = head;
    return head.size - oldSize;
  }

  return {
    get tree() {
      return tree;
    },
    sync,
    refetch: () => {
      tree = null;
    },
  };
}
