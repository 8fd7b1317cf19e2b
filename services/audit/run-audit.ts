import { PublicKey } from '@solana/web3.js';
import { ClientError, PROGRAM_ID } from '#client';
import { ProtocolError } from '#protocol/errors';
import { epochNumber, type Address } from '#protocol/units';
import { openChain, openNetworkChain, type ChainOptions } from '#services/runtime/chain';
import { firstOracle } from '#services/runtime/first-oracle';
import { Outage } from '#services/runtime/outage';
import { openPublicFiles } from '#services/runtime/public-files';
import { readNetworkFile } from '#services/runtime/network-file';
import { verifySignature } from '#services/runtime/signature';
import { auditEpoch, type AuditInput } from './audit-epoch.ts';
import { CannotCheck, Disagreement, type AuditReport, type Finding, type Outcome } from './report.ts';

const LOCAL_RPC = 'http://127.0.0.1:8899';

export interface AuditOptions {
  readonly epoch: bigint;
  readonly dataDir: string;
  /** Base of an oracle's public files; default: the first oracle's folder below dataDir. */
  readonly from?: string | undefined;
  /** Default: what network.json says, else the local chain. */
  readonly rpc?: string | undefined;
  /** Address of the network; default: network.json. */
  readonly network?: string | undefined;
  /** Genesis hash of the network's cluster; default: network.json. */
  readonly genesis?: string | undefined;
}

/** Runs an audit to its end, whatever happens: every failure becomes an outcome. */
export async function runAudit(options: AuditOptions): Promise<AuditReport> {
  const findings: Finding[] = [];
  const outcome = await outcomeOf(async () => {
    const { cluster, ...place } = await placeOf(options);
    findings.push(cluster);
    return await auditEpoch({
      ...place,
      epoch: epochNumber(options.epoch),
      verify: verifySignature,
      onFinding: (finding) => findings.push(finding),
    });
  });
  return { epoch: options.epoch.toString(), findings, outcome };
}

type Place = Pick<AuditInput, 'connection' | 'network' | 'source'> & { readonly cluster: Finding };

async function placeOf(options: AuditOptions): Promise<Place> {
  const isTold = options.network !== undefined && options.rpc !== undefined;
  const file = isTold ? null : await readNetworkFile(options.dataDir);
  const network = new PublicKey(options.network ?? file?.network ?? '');
  const chain = { rpcUrl: options.rpc ?? file?.rpcUrl ?? LOCAL_RPC, commitment: 'finalized' } as const;
  const genesisHash = options.genesis ?? file?.genesisHash;
  return {
    ...(genesisHash === undefined
      ? { connection: openChain(chain), cluster: UNPINNED }
      : await openPinned(genesisHash, { chain, network })),
    network,
    source: openPublicFiles(options.from ?? (await firstOracle(options.dataDir))),
  };
}

const UNPINNED: Finding = {
  kind: 'not_checked',
  check: 'cluster',
  says: 'no genesis hash was given (--genesis): the RPC may be of any cluster',
};

/** The connection asks again after whatever fails; every answer of another cluster is refused. */
async function openPinned(
  genesisHash: string,
  of: { readonly chain: ChainOptions; readonly network: PublicKey },
): Promise<Pick<Place, 'connection' | 'cluster'>> {
  const pin = {
    genesisHash,
    program: PROGRAM_ID.toBase58() as Address,
    network: of.network.toBase58() as Address,
  };
  const connection = openNetworkChain(pin, of.chain);
  await connection.getSlot();
  return { connection, cluster: { kind: 'agrees', check: 'cluster', says: `genesis hash ${genesisHash}` } };
}

async function outcomeOf(audit: () => Promise<string>): Promise<Outcome> {
  try {
    return { kind: 'agrees', says: await audit() };
  } catch (error) {
    if (error instanceof Disagreement) return { kind: 'differs', difference: error.difference };
    if (error instanceof CannotCheck || error instanceof Outage || error instanceof ClientError)
      return couldNotCheck(error.code, error);
    if (error instanceof ProtocolError) return couldNotCheck(error.code, error);
    return couldNotCheck(isUnreachable(error) ? 'chain_unreachable' : 'failed', error);
  }
}

function couldNotCheck(code: string, error: unknown): Outcome {
  return { kind: 'could_not_check', code, why: messagesOf(error).join(': ') };
}

/** fetch says "fetch failed" and keeps the reason in its cause. */
function messagesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  return error.cause === undefined ? [error.message] : [error.message, ...messagesOf(error.cause)];
}

function isUnreachable(error: unknown): boolean {
  return messagesOf(error).some((message) => /fetch failed|ECONN|ENOTFOUND|EAI_AGAIN|timeout/i.test(message));
}
