import { mkdir, rm, writeFile } from 'node:fs/promises';
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
  /** Fetches and verifies what the log published since; answers with the entries that came. */
  sync(): Promise<readonly Uint8Array[]>;
}

export interface LogMirrorOptions {
  readonly log: Policy['logs'][number];
  readonly folder: string;
  readonly verify: VerifySignature;
  readonly logger: Logger;
}

/** Opens what an earlier run mirrored; whatever of it does not verify is thrown away and fetched again. */
export async function openLogMirror(options: LogMirrorOptions): Promise<LogMirror> {
  const { log, folder, logger } = options;
  const remote = publicLogReader({ base: log.url });
  const local = publicLogReader({ base: folder });
  const known = { origin: log.origin, keys: [parseVerifierKey(log.vkey)], verify: options.verify };
  let tree = await openKept();

  async function openKept(): Promise<VerifiedTree | null> {
    try {
      const kept = new VerifiedTree(local, openCheckpoint(await local.checkpoint(), known));
      // The right edge proves the newest bundle, where a crash leaves its traces.
      await kept.entries(Math.max(0, kept.size - 1), kept.size);
      return kept;
    } catch (error) {
      const missing = error instanceof Outage && error.code === 'file_missing';
      if (!missing) logger.warn({ error, origin: log.origin }, 'the mirror is damaged: fetching it again');
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      return null;
    }
  }

  async function requireExtension(next: VerifiedTree, bytes: Uint8Array): Promise<void> {
    if (tree === null) return;
    const root = next.size === tree.size ? next.root : await next.rootAt(tree.size);
    if (equalBytes(root, tree.root)) return;
    // Two checkpoints that do not fit convict the log: both are kept, and nothing more is taken from it.
    await writeFile(join(folder, `fork-${tree.size}-${next.size}`), bytes);
    throw new ProtocolError('evidence_mismatch', { origin: log.origin, size: tree.size, newer: next.size });
  }

  async function sync(): Promise<readonly Uint8Array[]> {
    const bytes = await remote.checkpoint();
    const head: Checkpoint = openCheckpoint(bytes, known);
    const oldSize = tree?.size ?? 0;
    const next = new VerifiedTree(remote, head);
    // A stale copy of the file: what is held is newer, and a later checkpoint must extend it.
    if (head.size < oldSize) return [];
    await requireExtension(next, bytes);
    if (tree !== null && head.size === oldSize) return [];
    await extendMirror({
      folder,
      oldSize,
      size: head.size,
      checkpoint: bytes,
      entries: (from, to) => next.entries(from, to),
    });
    tree = new VerifiedTree(local, head);
    return await tree.entries(oldSize, head.size);
  }

  return {
    get tree() {
      return tree;
    },
    sync,
  };
}
