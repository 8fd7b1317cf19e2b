import { readFile } from 'node:fs/promises';
import { openCheckpoint, type Checkpoint } from '#protocol/evidence/checkpoint';
import { equalBytes } from '#protocol/evidence/merkle';
import type { NoteSigner } from '#protocol/evidence/note';
import { decodeRecord } from '#protocol/evidence/record';
import type { EpochNumber } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { LogError } from './log-error.ts';
import { TreeEdge } from './tree-edge.ts';

/** What the journal's entries say of the log, gathered while it is recovered. */
export class RecoveredTail {
  readonly edge: TreeEdge = new TreeEdge();
  lastReceivedAt = 0;
  lastClosedEpoch: EpochNumber | null = null;
  readonly #head: Checkpoint | null;

  constructor(head: Checkpoint | null) {
    this.#head = head;
  }

  visit(entry: Uint8Array, index: number): void {
    const { receivedAt, body } = decodeRecord(entry);
    this.lastReceivedAt = receivedAt;
    if (body.kind === 'epoch_close') this.lastClosedEpoch = body.epoch;
    // A copy, so that the edge does not keep the whole file in memory.
    if (index < (this.#head?.size ?? 0)) this.edge.append(new Uint8Array(entry));
  }

  requireHead(journalSize: number): void {
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
