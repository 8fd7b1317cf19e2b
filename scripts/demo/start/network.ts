import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LAMPORTS_PER_SOL, type Connection, type PublicKey } from '@solana/web3.js';
import {
  approveMaker,
  createNetwork,
  createPayee,
  deployProgram,
  mintAddress,
  networkAddress,
  PROGRAM_ID,
  readClock,
  sendInstructions,
} from '#client';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import type { Address } from '#protocol/units';
import { logSigner } from '#services/runtime/log/log-signer';
import { loadOrCreateStageLogKey } from '#services/runtime/log/stage-log-key';
import { readKeypair } from '#services/runtime/chain-keypair';
import { parseWitnessConfig } from '#services/runtime/config';
import { logOrigin } from '#services/runtime/log-origin';
import { networkPath, readNetworkFile, writeNetworkFile } from '#services/runtime/network-file';
import { Outage } from '#services/runtime/outage';
import { keepPolicy } from '#services/runtime/policies';
import { loadOrCreateWitnessKey } from '#services/witness/witness-key';
import type { Say } from '../say.ts';
import type { DemoKeys } from './keys.ts';
import { demoPolicy, type DemoSettings } from './policy.ts';

export const NETWORK_NAME = 'coverant-demo';
/** Stages that keep a log; here each log is named for its stage. */
const LOGGING = ['ingest', 'route'] as const;
/** 100,000 tokens an epoch, in units of 8 decimals. */
const BASE_EMISSION = 100_000n * 10n ** 8n;
/** A chain's clock has whole seconds, and its slots may be late by one. */
const MOST_AHEAD_S = 4;
const PROGRAM = new URL('../../../programs/coverage/', import.meta.url);

export interface NetworkInput {
  readonly connection: Connection;
  readonly rpcUrl: string;
  readonly dataDir: string;
  readonly keys: DemoKeys;
  readonly settings: DemoSettings;
  /** Where the public files of each stage's log will be served. */
  readonly logUrls: Readonly<Record<(typeof LOGGING)[number], string>>;
  /** Where the logs' witnesses will serve what they cosigned, by their numbers. */
  readonly witnessUrls: readonly string[];
  readonly say: Say;
}

/**
 * Funds whoever pays fees and deploys the program by transactions; does only what is not done yet. Returns the seconds that
 * the deployment took, which tell how busy the machine is.
 */
export async function prepareChain(
  input: Omit<NetworkInput, 'settings' | 'logUrls' | 'witnessUrls'>,
): Promise<number> {
  const { connection, keys, say } = input;
  await Promise.all(
    [keys.creator, keys.payer, ...keys.oracles].map((key) => fund(connection, key.publicKey)),
  );
  const so = await readFile(new URL('coverage.so', PROGRAM));
  const programKeypair = await readKeypair(new URL('program-keypair.json', PROGRAM).pathname);
  const started = Date.now();
  const { deployed } = await deployProgram({ connection, payer: keys.creator, programKeypair, so });
  const seconds = (Date.now() - started) / 1000;
  const what = `${PROGRAM_ID.toBase58()}, ${(so.length / 1024).toFixed(0)} KB`;
  say(
    'chain',
    deployed
      ? `program deployed: ${what} by transactions in ${seconds.toFixed(1)} s`
      : `program is there: ${what}`,
  );
  return seconds;
}

/** Creates the network where the folder has none, with its policy, maker and payees; returns its address. */
export async function openNetwork(
  input: NetworkInput,
): Promise<{ readonly network: PublicKey; readonly created: boolean }> {
  const { keys, dataDir } = input;
  const network = networkAddress(keys.creator.publicKey, NETWORK_NAME);
  try {
    const { genesisHash } = await readNetworkFile(dataDir);
    if (
      genesisHash !== (await input.connection.getGenesisHash()) ||
      (await input.connection.getAccountInfo(network, 'confirmed')) === null
    )
      throw new Error(
        `${networkPath(dataDir)} names a network that is not on this chain; use another --data, or the chain it was created on`,
      );
    return { network, created: false };
  } catch (error) {
    if (!(error instanceof Outage)) throw error;
  }
  if ((await input.connection.getAccountInfo(network, 'confirmed')) !== null)
    throw new Error(
      `an earlier start was cut off while it created ${network.toBase58()}; remove ${dataDir} and start again`,
    );
  await create(input, network);
  return { network, created: true };
}

async function create(input: NetworkInput, network: PublicKey): Promise<void> {
  const { connection, dataDir, keys, settings, say } = input;
  const logs = await Promise.all(
    LOGGING.map(async (stage) => {
      const origin = logOrigin({ name: NETWORK_NAME, network: network.toBase58(), ingest: stage });
      await mkdir(join(dataDir, stage), { recursive: true });
      const { key } = logSigner(origin, await loadOrCreateStageLogKey(dataDir, stage));
      return { origin, vkey: formatVerifierKey(key), url: input.logUrls[stage] };
    }),
  );
  const witnesses = await Promise.all(
    input.witnessUrls.map(async (url, number) => ({ vkey: await witnessKey(dataDir, number), url })),
  );
  const policy = demoPolicy(settings, logs, witnesses);
  const hash = await keepPolicy(dataDir, { policy });

  const { unixTime } = await readClock(connection, 'processed');
  const ahead = Date.now() / 1000 - unixTime;
  if (Math.abs(ahead) > MOST_AHEAD_S)
    throw new Error(
      `the chain's clock is ${ahead.toFixed(0)} s behind this machine's; the stages refuse to work with more than 3 s. ` +
        'Set the clock, or give the validator a machine with less other work',
    );
  // On a boundary of beacon buckets: then every epoch holds whole ones.
  const bucket = settings.beaconIntervalS;
  const firstEpochStart = Math.ceil((unixTime + settings.leadS) / bucket) * bucket;
  const send = (instructions: Parameters<typeof sendInstructions>[1]['instructions']): Promise<unknown> =>
    sendInstructions(connection, { instructions, payer: keys.creator });
  await send([
    createNetwork({
      creator: keys.creator.publicKey,
      name: NETWORK_NAME,
      config: {
        keyNetwork: 'mainnet',
        operations: keys.operations.publicKey,
        guardian: keys.guardian.publicKey,
        epochLengthS: BigInt(settings.epochLengthS),
        firstEpochStart: BigInt(firstEpochStart),
        baseEmission: BASE_EMISSION,
        halvingPeriodEpochs: 0,
        bond: 0n,
        k: 2,
        oracles: keys.oracles.map(({ publicKey }) => publicKey),
        holdbackEpochs: policy.holdback,
        policyHash: hash,
        creditPrice: BigInt(policy.credit_price),
        challengeDelayS: settings.challengeDelayS,
        timelockS: settings.epochLengthS,
        guardianVetoes: 1,
      },
    }),
  ]);
  const authority = keys.creator.publicKey;
  const payees = [keys.operations, ...keys.oracles].map(({ publicKey }) =>
    createPayee({ payer: authority, network, address: publicKey }),
  );
  await send([approveMaker({ authority, network, key: keys.maker.publicKey, approved: true }), ...payees]);
  await writeNetworkFile(dataDir, {
    network: network.toBase58() as Address,
    creator: authority.toBase58() as Address,
    name: NETWORK_NAME,
    mint: mintAddress(network).toBase58() as Address,
    program: PROGRAM_ID.toBase58() as Address,
    genesisHash: await connection.getGenesisHash(),
    rpcUrl: input.rpcUrl,
  });
  const wait = firstEpochStart - Math.floor(Date.now() / 1000);
  say(
    'chain',
    `network ${network.toBase58()} created: 3 oracles, k = 2; its first epoch begins in ${wait} s`,
  );
}

async function witnessKey(dataDir: string, number: number): Promise<string> {
  const { keyFile, witnessName } = parseWitnessConfig({ DATA_DIR: dataDir, WITNESS: String(number) });
  return formatVerifierKey((await loadOrCreateWitnessKey(keyFile, witnessName)).key);
}

async function fund(connection: Connection, key: PublicKey): Promise<void> {
  if ((await connection.getBalance(key, 'confirmed')) >= 5 * LAMPORTS_PER_SOL) return;
  const signature = await connection.requestAirdrop(key, 100 * LAMPORTS_PER_SOL).catch((error: unknown) => {
    throw new Error(`the chain gives no airdrop: send at least 5 SOL to ${key.toBase58()} and start again`, {
      cause: error,
    });
  });
  const latest = await connection.getLatestBlockhash('confirmed');
  await connection.confirmTransaction({ signature, ...latest }, 'confirmed');
}
