import type { PublicKey, VersionedMessage } from '@solana/web3.js';
import { base58 } from '@scure/base';
import { openTuple, type Tuple } from '#protocol/settle/tuple';
import { idl, PROGRAM_ID } from './idl.ts';

/** An oracle's vote in a transaction that it signed: what the signature covers is the whole message. */
export interface SignedAttestation {
  readonly oracle: PublicKey;
  readonly tuple: Tuple;
  readonly message: Uint8Array;
  /** 64 bytes, ed25519; whether it verifies is for the caller to see. */
  readonly signature: Uint8Array;
}

const TUPLE_BYTES = 280;
const DISCRIMINATOR = Uint8Array.from(
  idl.instructions.find(({ name }) => name === 'attest')?.discriminator ?? [],
);

/** The attest instructions of a transaction with the signatures of the oracles that they name. */
export function signedAttestations(transaction: {
  readonly message: VersionedMessage;
  readonly signatures: readonly string[];
}): readonly SignedAttestation[] {
  const { message, signatures } = transaction;
  const { staticAccountKeys, header } = message;
  return message.compiledInstructions.flatMap(({ programIdIndex, accountKeyIndexes, data }) => {
    const place = accountKeyIndexes[0] ?? Infinity;
    const [oracle, signature] = [staticAccountKeys[place], signatures[place]];
    const isAttest =
      staticAccountKeys[programIdIndex]?.equals(PROGRAM_ID) === true &&
      data.length === DISCRIMINATOR.length + TUPLE_BYTES &&
      DISCRIMINATOR.every((byte, at) => data[at] === byte);
    if (!isAttest || place >= header.numRequiredSignatures) return [];
    if (oracle === undefined || signature === undefined) return [];
    const tuple = openTuple(Uint8Array.from(data.subarray(DISCRIMINATOR.length)));
    return [{ oracle, tuple, message: message.serialize(), signature: base58.decode(signature) }];
  });
}
