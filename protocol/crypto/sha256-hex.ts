import { sha256 } from '@noble/hashes/sha2.js';
import type { Hash } from '../units.ts';
import { hashOf } from '../wire/hex.ts';

/** SHA-256 as hex digits, of bytes that are not kept; services pass a native one where speed counts. */
export type Sha256Hex = (message: Uint8Array) => Hash;

export const sha256Hex: Sha256Hex = (message) => hashOf(sha256(message));
