import { blake3 } from '@noble/hashes/blake3.js';
import { int64 } from './payload.ts';

/** Remote entropy of version 0: BLAKE3( i64_le(timestamp in seconds) || blockhash ), 32 bytes. */
export function entropyData(input: {
  readonly timestamp: number;
  readonly blockhash: Uint8Array;
}): Uint8Array {
  return blake3.create().update(int64(input.timestamp)).update(input.blockhash).digest();
}
