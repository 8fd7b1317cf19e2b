import { randomBytes } from 'node:crypto';
import { PublicKey, type Connection } from '@solana/web3.js';
import { liveVotes, readBallot, readClock, type FinalizedEpoch, type Network } from '#client';
import { epochNumber, type EpochNumber } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { ProtocolError } from '#protocol/errors';
import type { Disclosures } from '#protocol/route/disclosure';
import { readDisclosureFiles } from '#services/runtime/disclosure-files';
import { openChain } from '#services/runtime/chain';
import { openBlocks } from '#services/runtime/blocks';
import { openEntropyCheck } from '#services/runtime/entropy-check';
import { firstOracle } from '#services/runtime/first-oracle';
import { readNetworkFile } from '#services/runtime/network-file';
import { openPublicFiles, type PublicFiles } from '#services/runtime/public-files';
import { verifySignature } from '#services/runtime/signature';
import { checkClaims } from './chain/check-claims.ts';
import { checkCredits } from './chain/check-credits.ts';
import { openNetwork } from './chain/open-network.ts';
import { VoteHistory } from './chain/vote-history.ts';
import { auditFromGenesis, auditOneEpoch } from './epoch/audit-epochs.ts';
import { LogLibrary } from './files/log-copies.ts';
import { CannotCheck, damagedCopy } from './report/failures.ts';
import { Notes } from './report/notes.ts';
import { outcomeOf, type AuditedEpoch, type AuditReport, type EpochFinding } from './report/report.ts';
import type { SampleOption } from './sample/sampled.ts';

const LOCAL_RPC = 'http://127.0.0.1:8899';

export interface AuditOptions {
  /** undefined: every epoch from 0 to the latest final one. */
  readonly epoch?: bigint | undefined;
  readonly dataDir: string;
  /** Base of an oracle's public files; default: the first oracle's folder below dataDir. */
  readonly from?: string | undefined;
  /** Default: what network.json says, else the local chain. */
  readonly rpc?: string | undefined;
  /** Address of the network; default: network.json. */
  readonly network?: string | undefined;
  /** Genesis hash of the network's cluster; default: network.json. */
  readonly genesis?: string | undefined;
  /** Beacons of each epoch whose signatures are verified; default: all. */
  readonly sample?: number | undefined;
  /** Default: random. */
  readonly seed?: string | undefined;
  /** File or folder of disclosures; default: none, and published reasons of packets are believed. */
  readonly disclosures?: string | undefined;
  /** By default libsodium and OpenSSL. */
  readonly verify?: VerifySignature;
  readonly onFinding?: (finding: EpochFinding) => void;
  readonly onProgress?: (at: { readonly epoch: string; readonly done: number; readonly of: number }) => void;
}

/** Runs an audit to its end, whatever happens: every failure becomes a finding. */
export async function runAudit(options: AuditOptions): Promise<AuditReport> {
  const findings: EpochFinding[] = [];
  const notesOf = (epoch: EpochNumber | null): Notes =>
    new Notes(epoch, (finding) => {
      findings.push(finding);
      options.onFinding?.(finding);
    });
  const place: { network: string | null; cluster: string | null; from: string | null } = {
    network: options.network ?? null,
    cluster: null,
    from: options.from ?? null,
  };
  const sample = sampleOption(options);
  const epochs: AuditedEpoch[] = [];
  const notes = notesOf(null);
  await notes.attempt('chain', async () => {
    const { connection, address, source, genesisHash } = await placeOf(options);
    place.network = address.toBase58();
    place.from = source.location;
    const { network, cluster } = await openNetwork(connection, address);
    place.cluster = cluster;
    notes.add(
      genesisHash === null
        ? { kind: 'not_checked', check: 'cluster', says: `no genesis hash was given (--genesis): ${cluster}` }
        : { kind: 'agrees', check: 'cluster', says: `genesis hash ${cluster}` },
    );
    const latest = await requireFinal(connection, { network, epoch: options.epoch });
    notes.add({
      kind: 'agrees',
      check: 'chain',
      says: `cluster ${cluster}, final up to epoch ${latest.epoch}`,
    });
    const verify = options.verify ?? verifySignature;
    const context = {
      connection,
      network,
      latest,
      source,
      logs: new LogLibrary({ from: source.location, verify }),
      votes: new VoteHistory(connection, network.address),
      entropies: openEntropyCheck(openBlocks(connection)),
      verify,
      sample,
      disclosures: await disclosuresOf(options),
      onProgress: options.onProgress,
    };
    const run = options.epoch === undefined ? auditFromGenesis : auditOneEpoch(epochNumber(options.epoch));
    for await (const audited of run(context, notesOf)) epochs.push(audited);
    await notes.check('claims', () => checkClaims({ connection, network, source }));
    await notes.check('credits', () => checkCredits({ connection, network, source }));
  });
  const asked = options.epoch === undefined ? 'every epoch' : `epoch ${options.epoch}`;
  const outcome = outcomeOf(findings, summaryOf(epochs));
  return { version: 1, asked, ...place, sample, epochs, findings, outcome };
}

function sampleOption({ sample, seed }: AuditOptions): SampleOption | null {
  return sample === undefined ? null : { beacons: sample, seed: seed ?? randomBytes(16).toString('hex') };
}

async function disclosuresOf({ disclosures: place }: AuditOptions): Promise<Disclosures | null> {
  if (place === undefined) return null;
  try {
    return await readDisclosureFiles(place);
  } catch (error) {
    throw error instanceof ProtocolError ? damagedCopy('--disclosures', error) : error;
  }
}

function summaryOf(epochs: readonly AuditedEpoch[]): string {
  const computed = epochs.filter(({ kind }) => kind === 'computed');
  const last = computed.at(-1);
  const counted = `${computed.length} recomputed, ${epochs.length - computed.length} empty`;
  if (last === undefined) return counted;
  return `${counted}; root ${String(last.root)}, cumulative total ${String(last.cumulative_total)}`;
}

async function placeOf(options: AuditOptions): Promise<{
  readonly connection: Connection;
  readonly address: PublicKey;
  readonly source: PublicFiles;
  /** null: the RPC may be of any cluster. */
  readonly genesisHash: string | null;
}> {
  const isTold = options.network !== undefined && options.rpc !== undefined;
  const file = isTold ? null : await readNetworkFile(options.dataDir);
  const address = addressOf(options.network ?? file?.network ?? '');
  const genesisHash = options.genesis ?? file?.genesisHash ?? null;
  const chain = {
    rpcUrl: httpUrl(options.rpc ?? file?.rpcUrl ?? LOCAL_RPC),
    commitment: 'finalized',
  } as const;
  return {
    // Where the cluster is known, the connection asks for it again after whatever fails.
    connection: openChain(genesisHash === null ? chain : { ...chain, pin: { genesisHash } }),
    genesisHash,
    address,
    source: openPublicFiles(options.from ?? (await firstOracle(options.dataDir))),
  };
}

function addressOf(text: string): PublicKey {
  try {
    return new PublicKey(text);
  } catch {
    throw new CannotCheck('malformed_argument', `--network: ${text} is no address`);
  }
}

function httpUrl(text: string): string {
  if (/^https?:\/\/[^/]/.test(text)) return text;
  throw new CannotCheck('malformed_argument', `--rpc: ${text} is no http URL`);
}

async function requireFinal(
  connection: Connection,
  { network, epoch }: { readonly network: Network; readonly epoch: bigint | undefined },
): Promise<FinalizedEpoch> {
  const { latest } = network;
  if (latest !== null && (epoch === undefined || epoch <= latest.epoch)) return latest;
  const last = latest === null ? 'none' : latest.epoch.toString();
  if (epoch === undefined) throw new CannotCheck('not_final', `no epoch is final yet`);
  const { unixTime } = await readClock(connection);
  const ballot = await readBallot(connection, network.address);
  const seats = liveVotes(ballot, { network, unixTime });
  const voted = seats.filter(({ vote }) => vote?.epoch === epoch).length;
  const state =
    ballot.ripe?.epoch === epoch ? 'its challenge delay runs' : `${voted} of ${seats.length} oracles voted`;
  throw new CannotCheck('not_final', `the epoch is not final (latest: ${last}); ${state}`);
}
