import { readFile } from 'node:fs/promises';
import type { Keypair } from '@solana/web3.js';
import { readKeypair } from '#services/runtime/chain-keypair';

const FOLDER = new URL('../../programs/coverage/', import.meta.url);

/** The program as it is committed, to deploy. */
export async function committedProgram(): Promise<{ readonly programKeypair: Keypair; readonly so: Buffer }> {
  return {
    programKeypair: await readKeypair(new URL('program-keypair.json', FOLDER).pathname),
    so: await readFile(new URL('coverage.so', FOLDER)),
  };
}
