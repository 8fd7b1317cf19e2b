import { PublicKey } from '@solana/web3.js';
import { ClientError } from '#client';
import { ProtocolError } from '#protocol/errors';
import { epochNumber } from '#protocol/units';
import { openChain } from '#services/runtime/chain';
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
}

/** Runs an audit to its end, whatever happens: every failure becomes an outcome. */
export async function runAudit(options: AuditOptions): Promise<AuditReport> {
  const findings: Finding[] = [];
  const outcome = await outcomeOf(async () => {
    const place = await placeOf(options);
    return await auditEpoch({
      ...place,
      epoch: epochNumber(options.epoch),
      verify: verifySignature,
      onFinding: (finding) => findings.push(finding),
    });
  });
  return { epoch: options.epoch.toString(), findings, outcome };
}

type Place = Pick<AuditInput, 'connection' | 'network' | 'source'>;

async function placeOf(options: AuditOptions): Promise<Place> {
  const isTold = options.network !== undefined && options.rpc !== undefined;
  const file = isTold ? null : await readNetworkFile(options.dataDir);
  return {
    connection: openChain({ rpcUrl: options.rpc ?? file?.rpcUrl ?? LOCAL_RPC, commitment: 'finalized' }),
    network: new PublicKey(options.network ?? file?.network ?? ''),
    source: openPublicFiles(options.from ?? (await firstOracle(options.dataDir))),
  };
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
