import { hex, utf8 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import type { VerifySignature } from '../verify/poc.ts';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';
import { equalBytes } from './merkle.ts';
import { verifyConsistency } from './proof.ts';
import type { VerifierKey } from './verifier-key.ts';

/**
 * Two checkpoints of one log that do not fit (evidence.md, "What must hold"): the newer tree has another root at the older
 * one's size, and the proof shows which. With the log's key it needs nothing else.
 */
export interface Fork {
  /** The notes' bytes; the older one is not the larger one. */
  readonly older: Uint8Array;
  readonly newer: Uint8Array;
  /** Root of the newer tree's first entries, as many as the older tree has. */
  readonly prefix: Uint8Array;
  /** Consistency proof from there to the newer root. */
  readonly proof: readonly Uint8Array[];
}

/** A fork in JSON: notes as their text, hashes in hex. */
export interface ForkJson {
  readonly older: string;
  readonly newer: string;
  readonly prefix: string;
  readonly proof: readonly string[];
}

/** The two checkpoints; throws unless the log's key signed both and they do not fit: no_fork, and what checkpoints throw. */
export function verifyFork(
  { older, newer, prefix, proof }: Fork,
  by: { readonly origin: string; readonly key: VerifierKey; readonly verify: VerifySignature },
): { readonly older: Checkpoint; readonly newer: Checkpoint } {
  const known = { origin: by.origin, keys: [by.key], verify: by.verify };
  const before = openCheckpoint(older, known);
  const after = openCheckpoint(newer, known);
  const claim = { oldSize: before.size, oldRoot: prefix, size: after.size, root: after.root, proof };
  if (equalBytes(before.root, prefix) || !verifyConsistency(claim))
    throw new ProtocolError('no_fork', { origin: by.origin, older: before.size, newer: after.size });
  return { older: before, newer: after };
}

/** The fork as files hold it. */
export function encodeFork({ older, newer, prefix, proof }: Fork): ForkJson {
  return {
    older: utf8.encode(older),
    newer: utf8.encode(newer),
    prefix: hex.encode(prefix),
    proof: proof.map((hash) => hex.encode(hash)),
  };
}

/** Reads back a file; throws malformed_fork. Only `verifyFork` says whether it holds. */
export function decodeFork(json: unknown): Fork {
  const { older, newer, prefix, proof } = (json ?? {}) as ForkJson;
  try {
    return {
      older: utf8.decode(older),
      newer: utf8.decode(newer),
      prefix: hex.decode(prefix),
      proof: proof.map((hash) => hex.decode(hash)),
    };
  } catch (error) {
    throw new ProtocolError('malformed_fork', { cause: error instanceof Error ? error.message : 'unknown' });
  }
}
