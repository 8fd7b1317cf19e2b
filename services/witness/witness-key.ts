import type { NoteSigner } from '#protocol/evidence/note';
import { COSIGNATURE, verifierKey } from '#protocol/evidence/verifier-key';
import { loadOrCreateSeed, signingKeyOf } from '#services/runtime/signing-seed';

/** The witness's key from its file of a 32-byte seed, which is made at first use, under the witness's name. */
export async function loadOrCreateWitnessKey(file: string, name: string): Promise<NoteSigner> {
  const { publicKey, sign } = signingKeyOf(await loadOrCreateSeed(file));
  return { key: verifierKey(name, publicKey, COSIGNATURE), sign };
}
