import { base64 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import type { VerifySignature } from '../verify/poc.ts';
import { type NoteSigner, type OpenedNote, openNote, signNote } from './note.ts';
import { decodeBase64, type VerifierKey } from './verifier-key.ts';

/** A tree head (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Lines after the root, opaque. */
  readonly extensions: readonly string[];
}

/** The signed bytes of a checkpoint without extension lines. */
export function signCheckpoint(
  head: { readonly origin: string; readonly size: number; readonly root: Uint8Array },
  signers: readonly NoteSigner[],
): Uint8Array {
  return signNote(`${head.origin}\n${head.size}\n${base64.encode(head.root)}\n`, signers);
}

/** A tree head as its text says, of any size that is a u64: no log here grows beyond 2^53. */
export type CheckpointHead = Omit<Checkpoint, 'size'> & { readonly size: bigint };

/** Opens a checkpoint of any origin and size that one of the keys signed; throws like `openCheckpoint`. */
export function openCheckpointHead(
  bytes: Uint8Array,
  known: { readonly keys: readonly VerifierKey[]; readonly verify: VerifySignature },
): Omit<OpenedNote, 'text'> & { readonly head: CheckpointHead } {
  const { text, ...signed } = openNote(bytes, known);
  return { head: parseHead(text), ...signed };
}

/**
 * Opens the checkpoint of one origin that the log's own key signed. Throws malformed_checkpoint, invalid_signature or
 * unsigned_checkpoint; another origin is malformed_checkpoint too.
 */
export function openCheckpoint(
  bytes: Uint8Array,
  known: { readonly origin: string; readonly keys: readonly VerifierKey[]; readonly verify: VerifySignature },
): Checkpoint {
  return checkpointOf(openCheckpointHead(bytes, known).head, known.origin);
}

function checkpointOf(head: CheckpointHead, expected: string): Checkpoint {
  const { origin, size } = head;
  if (origin !== expected) throw new ProtocolError('malformed_checkpoint', { origin, expected });
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('malformed_checkpoint', { size });
  return { ...head, size: Number(size) };
}

/** A checkpoint that the log signed and a witness saw at `time`, seconds since the Unix epoch. */
export interface CosignedCheckpoint extends Checkpoint {
  readonly time: number;
  /** The note's bytes. */
  readonly note: Uint8Array;
}

/** Opens a checkpoint of one origin that both signed, the log and the witness; throws like `openCheckpoint`. */
export function openCosignedCheckpoint(
  bytes: Uint8Array,
  known: {
    readonly origin: string;
    readonly log: VerifierKey;
    readonly witness: VerifierKey;
    readonly verify: VerifySignature;
  },
): CosignedCheckpoint {
  const { origin, log, witness, verify } = known;
  const { head, signers, times } = openCheckpointHead(bytes, { keys: [log, witness], verify });
  const time = times.get(witness);
  if (!signers.includes(log) || time === undefined)
    throw new ProtocolError('unsigned_checkpoint', { signatures: signers.map(({ name }) => name).join(',') });
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('malformed_checkpoint', { time });
  return { ...checkpointOf(head, origin), time: Number(time), note: bytes };
}

function parseHead(text: string): CheckpointHead {
  const [origin = '', size = '', root = '', ...extensions] = text.slice(0, -1).split('\n');
  const hash = decodeBase64(root);
  const legal =
    origin !== '' &&
    /^(0|[1-9][0-9]{0,19})$/.test(size) &&
    BigInt(size) < 2n ** 64n &&
    hash?.length === 32 &&
    extensions.every((line) => line !== '');
  if (!legal) throw new ProtocolError('malformed_checkpoint', { text });
  return { origin, size: BigInt(size), root: hash, extensions };
}
