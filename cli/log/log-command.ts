import { join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { Command } from 'commander';
import { readNetwork } from '#client';
import { decodeFork, verifyFork } from '#protocol/evidence/fork';
import type { VerifierKey } from '#protocol/evidence/verifier-key';
import type { EpochNumber } from '#protocol/units';
import { dropOld } from '#services/runtime/log/drop-old';
import { openChain } from '#services/runtime/chain';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { readNetworkFile } from '#services/runtime/network-file';
import { verifySignature } from '#services/runtime/signature';
import { askChain, type NetworkPlace } from '../chain/ask-chain.ts';
import { CliError } from '../cli-error.ts';
import { readJson } from '../input/read-json.ts';
import { parseEpoch } from '../options/epoch.ts';
import { parseLogKey } from '../options/log-key.ts';
import { parseRpc } from '../options/rpc.ts';

interface DropOptions {
  readonly data: string;
  readonly vkey: VerifierKey;
  readonly mirror: string;
  readonly rpc: string;
}

/** `log`: looking after an ingest's log while the ingest stands still, and convicting one that forked. */
export function logCommand(): Command {
  const command = new Command('log').description("look after an ingest's log, or convict one");
  command
    .command('convict')
    .description('check a fork: two checkpoints that a log signed and that do not fit')
    .argument('<file>', 'fork-<size>-<size>.json, as a witness or an oracle keeps it')
    .requiredOption('--vkey <vkey>', "the log's public key, as the policy has it", parseLogKey)
    .action(convict);
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

async function convict(file: string, { vkey }: { readonly vkey: VerifierKey }): Promise<void> {
  const fork = decodeFork(await readJson(file));
  const by = { origin: vkey.name, key: vkey, verify: verifySignature };
  const { older, newer } = verifyFork(fork, by);
  console.log(
    `FORKED: ${vkey.name} signed trees of ${older.size} and ${newer.size} entries, of which neither extends the other`,
  );
}

async function drop(epoch: EpochNumber, { data, vkey, mirror, rpc }: DropOptions): Promise<void> {
  const { network } = await readNetworkFile(data);
  const latest = await latestFinal({ rpc, network });
  if (latest === null || latest < epoch) throw new CliError('not_final', { epoch, latest: latest ?? 'none' });
  const dropped = await dropOld({
    dir: join(data, 'ingest'),
    key: vkey,
    mirror: publicLogReader({ base: mirror }),
    epoch,
  });
  console.log(`the journal begins with entry ${dropped.journal}, bundles with entry ${dropped.bundles}`);
}

async function latestFinal(of: NetworkPlace): Promise<EpochNumber | null> {
  const connection = openChain({ rpcUrl: of.rpc, commitment: 'finalized' });
  const { latest } = await askChain(of, () => readNetwork(connection, new PublicKey(of.network)));
  return latest?.epoch ?? null;
}
