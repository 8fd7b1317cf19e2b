import { readFile } from 'node:fs/promises';
import { openCheckpoint, type Checkpoint } from '#protocol/evidence/checkpoint';
import { equalBytes } from '#protocol/evidence/merkle';
import type { NoteSigner } from '#protocol/evidence/note';
import { decodeRecord } from '#protocol/evidence/record';
import { TILE_WIDTH } from '#protocol/evidence/tile';
import type { EpochNumber } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { JournalError } from '#services/runtime/evidence/journal-error';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { LogError } from './log-error.ts';
import { TreeEdge } from './tree-edge.ts';

/** What the journal's entries say of the log, gathered while it is recovered. */
export class RecoveredTail {
  edge: TreeEdge = new TreeEdge();
  /** First entry that the journal holds. */
  first = 0;
  lastReceivedAt = 0;
  lastClosedEpoch: EpochNumber | null = null;
  readonly #head: Checkpoint | null;

  constructor(head: Checkpoint | null) {
    this.#head = head;
  }

  /**
   * Begins at an entry before which the journal was dropped: the tree up to there comes from the public files, as far as
   * they lead to the checkpoint that this log signed.
   */
  async begin(first: number, publicDir: string): Promise<void> {
    if (this.#head === null || this.#head.size < first)
      throw new JournalError('journal_incomplete', { expected: 0, found: first });
    const tree = new VerifiedTree(publicLogReader({ base: publicDir }), this.#head);
    const entries = await tree.entries(first - (first % TILE_WIDTH), first);
    this.edge = TreeEdge.at({ size: first, levels: await tree.edgeAt(first), entries });
    this.first = first;
  }

  visit(entry: Uint8Array, index: number): void {
    const { receivedAt, body } = decodeRecord(entry);
    this.lastReceivedAt = receivedAt;
    if (body.kind === 'epoch_close') this.lastClosedEpoch = body.epoch;
    // A copy, so that the edge does not keep the whole file in memory.
    if (index < (this.#head?.size ?? 0)) this.edge.append(new Uint8Array(entry));
  }

  requireHead(journalSize: number): void {
    // Without one the log would close epochs a second time: none is ever dropped with the last.
    if (this.first > 0 && this.lastClosedEpoch === null)
      throw new JournalError('journal_incomplete', { found: this.first, epochClose: 'none' });
    if (this.#head === null) return;
    const { size, root } = this.#head;
    if (journalSize < size || !equalBytes(this.edge.root(), root))
      throw new LogError('checkpoint_mismatch', { checkpointSize: size, journalSize });
  }
}

/** The published checkpoint, signed by this log under its origin; null where none ever was. */
export async function readHead(path: string, signer: NoteSigner): Promise<Checkpoint | null> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new LogError('log_unavailable', { path }, { cause: error });
  });
  if (bytes === null) return null;
  try {
    // ed25519 is deterministic: the own signature is the one that signing again gives.
    const verify: VerifySignature = ({ message, signature }) => equalBytes(signer.sign(message), signature);
    return openCheckpoint(bytes, { origin: signer.key.name, keys: [signer.key], verify });
  } catch (error) {
    throw new LogError('checkpoint_mismatch', { path }, { cause: error });
  }
}
