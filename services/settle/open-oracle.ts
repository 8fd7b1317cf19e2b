import { join } from 'node:path';
import type { Connection, Keypair, PublicKey } from '@solana/web3.js';
import { FILES, openFile } from '#protocol/settle/folder';
import { openTuple, tupleHash } from '#protocol/settle/tuple';
import type { Logger } from '#services/runtime/logger';
import type { Metrics } from '#services/runtime/metrics';
import type { VerifySignature } from '#protocol/verify/poc';
import { openBlocks, type Blocks } from '#services/runtime/blocks';
import { openEntropyCheck } from '#services/runtime/entropy-check';
import { openPolicies } from '#services/runtime/policies';
import type { Address } from '#protocol/units';
import { openDisclosureFiles, type DisclosureFiles } from './disclosures/disclosure-files.ts';
import { openDisclosureSource } from './disclosures/disclosure-source.ts';
import { openCheckedChain } from './checked-chain.ts';
import { openEntropyGuard } from './entropy-guard.ts';
import { openEpochStore } from './epoch-store.ts';
import { openEvidenceSource } from './evidence-source.ts';
import { openDifferences } from './differences.ts';
import { createOracle, type Oracle } from './oracle.ts';
import { rememberSignatures } from './signature-memory.ts';

/** Signatures remembered; an entry takes some 100 bytes. */
const REMEMBERED = 500_000;

/** An oracle with its own folder, mirror and key; it reads the logs' public files, the chain and the policy, nothing else. */
export async function openOracle(options: {
  readonly folder: string;
  /** Holds policies/. */
  readonly dataDir: string;
  readonly connection: Connection;
  /** RPCs of other operators that must say the same. */
  readonly crossCheck?: readonly Connection[];
  /** Whose blocks entropies are compared with; by default the connection's. */
  readonly blocks?: Blocks;
  readonly network: PublicKey;
  readonly oracle: Keypair;
  readonly pollMs: number;
  readonly adoptFrom: string | null;
  readonly peerUrls: readonly string[];
  /** By default those in its folder. */
  readonly disclosures?: DisclosureFiles;
  readonly verify: VerifySignature;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<Oracle> {
  const { folder, logger } = options;
  const check = openEntropyCheck(options.blocks ?? openBlocks(options.connection));
  const entropies = openEntropyGuard({ ...options, check });
  const verify = rememberSignatures(options.verify, REMEMBERED);
  const store = await openEpochStore(join(folder, 'epochs'), (files) => {
    const tuple = openFile(files, FILES.tuple, openTuple);
    return { epoch: tuple.epoch, tupleHash: tupleHash(tuple), parentTupleHash: tuple.parentTupleHash };
  });
  return createOracle({
    ...options,
    chain: openCheckedChain({ ...options, connections: [options.connection, ...(options.crossCheck ?? [])] }),
    policyOf: openPolicies(options.dataDir),
    evidence: openEvidenceSource({
      folder,
      peers: options.peerUrls,
      verify,
      ahead: entropies.ahead,
      logger,
    }),
    disclosures: openDisclosureSource({
      files: options.disclosures ?? (await openDisclosureFiles(join(folder, 'disclosures'))),
      network: options.network.toBase58() as Address,
      oracle: options.oracle,
      peers: options.peerUrls,
      logger,
    }),
    entropies,
    store,
    verify,
    publishDifference: openDifferences({ ...options, store }),
  });
}
