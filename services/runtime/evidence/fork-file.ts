import { openCheckpoint } from '#protocol/evidence/checkpoint';
import { encodeFork, verifyFork } from '#protocol/evidence/fork';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import type { Policy } from '#protocol/policy';
import type { VerifySignature } from '#protocol/verify/poc';
import type { VerifiedTree } from './verified-tree.ts';

/** A fork as a file: what convicts a log, whoever reads it. */
export interface ForkFile {
  readonly name: string;
  readonly text: string;
}

/** Files of this name are forks: by the sizes of the two trees. */
export const FORK_NAME = /^fork-\d+-\d+\.json$/;

/** Makes the file for two signed notes that do not fit; `tree` is the newer one's. Throws no_fork where they do. */
export async function forkFile(input: {
  readonly log: Policy['logs'][number];
  readonly older: Uint8Array;
  readonly newer: Uint8Array;
  readonly tree: VerifiedTree;
  readonly verify: VerifySignature;
}): Promise<ForkFile> {
  const { log, older, newer, tree, verify } = input;
  const key = parseVerifierKey(log.vkey);
  const { size } = openCheckpoint(older, { origin: log.origin, keys: [key], verify });
  const prefix = await tree.rootAt(size);
  const proof = await tree.consistencyProof(size);
  const fork = { older, newer, prefix, proof };
  verifyFork(fork, { origin: log.origin, key, verify });
  return { name: `fork-${size}-${tree.size}.json`, text: `${JSON.stringify(encodeFork(fork), null, 1)}\n` };
}
