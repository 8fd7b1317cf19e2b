import type { Keypair } from '@solana/web3.js';
import { parseKeypair } from '#services/runtime/chain-keypair';
import { CliError } from '../cli-error.ts';
import { readSecret } from '../input/read-secret.ts';

/** The key of who signs a transaction and pays for it, from a file that nobody else may read. */
export async function readSigner(file: string): Promise<Keypair> {
  const text = await readSecret(file);
  try {
    return parseKeypair(text, file);
  } catch (error) {
    // Without the cause's text: it may quote the key.
    throw new CliError('malformed_keypair', { file }, { cause: error });
  }
}
