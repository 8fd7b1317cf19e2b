import { join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { Command } from 'commander';
import { ClientError, readNetwork } from '#client';
import type { VerifierKey } from '#protocol/evidence/verifier-key';
import type { EpochNumber } from '#protocol/units';
import { dropOld } from '#services/ingest/log/drop-old';
import { openChain } from '#services/runtime/chain';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { readNetworkFile } from '#services/runtime/network-file';
import { Outage } from '#services/runtime/outage';
import { rpcName } from '#services/runtime/rpc-name';
import { CliError } from '../cli-error.ts';
import { parseEpoch } from '../options/epoch.ts';
import { parseLogKey } from '../options/log-key.ts';
import { parseRpc } from '../options/rpc.ts';

interface DropOptions {
  readonly data: string;
  readonly vkey: VerifierKey;
  readonly mirror: string;
  readonly rpc: string;
}

/** `log`: what the operator of an ingest does with its log while the ingest stands still (docs/operate.md). */
export function logCommand(): Command {
  const command = new Command('log').description("look after an ingest's log");
  command
    .command('drop')
    .description('drop the entries before the end of a final epoch, once a mirror was read that has them all')
    .argument('<epoch>', 'the epoch', parseEpoch)
    .requiredOption('--data <folder>', 'data folder of the ingest, which must not run')
    .requiredOption('--vkey <vkey>', "the log's public key, as the policy has it", parseLogKey)
    .requiredOption('--mirror <place>', "URL or folder of a mirror of the log, such as an oracle's")
    .requiredOption('--rpc <url>', "URL of the chain's RPC", parseRpc)
    .action(drop);
  return command;
}

async function drop(epoch: EpochNumber, { data, vkey, mirror, rpc }: DropOptions): Promise<void> {
  const { network } = await readNetworkFile(data);
  const latest = await latestFinal(rpc, network);
  if (latest === null || latest < epoch) throw new CliError('not_final', { epoch, latest: latest ?? 'none' });
  const dropped = await dropOld({
    dir: join(data, 'ingest'),
    key: vkey,
    mirror: publicLogReader({ base: mirror }),
    epoch,
  });
  console.log(`the journal begins with entry ${dropped.journal}, bundles with entry ${dropped.bundles}`);
}

async function latestFinal(rpc: string, network: string): Promise<EpochNumber | null> {
  try {
    const connection = openChain({ rpcUrl: rpc, commitment: 'finalized' });
    return (await readNetwork(connection, new PublicKey(network))).latest?.epoch ?? null;
  } catch (error) {
    const code = error instanceof ClientError ? 'chain_unreadable' : 'chain_unreachable';
    throw new Outage(code, { rpc: rpcName(rpc), network }, { cause: error });
  }
}
