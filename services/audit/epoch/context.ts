import type { Connection } from '@solana/web3.js';
import type { FinalizedEpoch, Network } from '#client';
import type { Disclosures } from '#protocol/route/disclosure';
import type { VerifySignature } from '#protocol/verify/poc';
import type { EntropyCheck } from '#services/runtime/entropy-check';
import type { PublicFiles } from '#services/runtime/public-files';
import type { VoteHistory } from '#services/audit/chain/vote-history';
import type { LogLibrary } from '#services/audit/files/log-copies';
import type { SampleOption } from '#services/audit/sample/sampled';

/** What the audits of all epochs share; nothing in files is believed. */
export interface AuditContext {
  readonly connection: Connection;
  readonly network: Network;
  readonly latest: FinalizedEpoch;
  /** An oracle's public files or a mirror of them. */
  readonly source: PublicFiles;
  readonly logs: LogLibrary;
  readonly votes: VoteHistory;
  readonly entropies: EntropyCheck;
  readonly verify: VerifySignature;
  readonly sample: SampleOption | null;
  /** Of all epochs; null: none were given, and published reasons of packets are believed. */
  readonly disclosures: Disclosures | null;
  /** How far the signatures of an epoch are. */
  readonly onProgress: (done: number, of: number) => void;
}
