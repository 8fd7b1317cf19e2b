import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keypair, LAMPORTS_PER_SOL, type PublicKey, type Connection } from '@solana/web3.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import {
  createNetwork,
  deployProgram,
  mintAddress,
  networkAddress,
  PROGRAM_ID,
  readClock,
  readNetwork,
  registerHotspot,
  registerMessage,
  sendInstructions,
} from '#client';
import { decodeRecord } from '#protocol/evidence/record';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { epochNumber, millis, type Address } from '#protocol/units';
import { openLog } from '#services/runtime/log/open-log';
import { logSigner } from '#services/runtime/log/log-signer';
import { readLatestBlock } from '#services/ingest/latest-block';
import { openChain } from '#services/runtime/chain';
import { writeNetworkFile } from '#services/runtime/network-file';
import { keepPolicy } from '#services/runtime/policies';
import { testHotspot, TestWorld, type TestBlock, type TestHotspot } from '../protocol/epoch/world.ts';
import { committedProgram } from './committed-program.ts';
import { startLocalnet } from './localnet.ts';

export const EPOCH_S = 8;
export const DELAY_S = 2;
export const EMISSION = 1_000_000_000_000n;
const LEAD_S = 6;
const NAME = 'settle-test';

/** A network on a real chain of its own, with registered hotspots and an evidence log whose stamps the test chooses. */
export interface LiveNetwork {
  readonly dataDir: string;
  readonly rpcUrl: string;
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly creator: Keypair;
  readonly payer: Keypair;
  readonly operations: PublicKey;
  readonly oracles: readonly Keypair[];
  readonly hotspots: readonly TestHotspot[];
  readonly owner: Keypair;
  readonly policy: Policy;
  /** Seconds. */
  readonly firstEpochStart: number;
  /**
   * Writes and publishes the evidence of the first epochs, once. In a busy epoch everybody beacons and is witnessed by
   * all others. The log's clock is ahead of the chain's, whose end of an epoch oracles wait for all the same.
   */
  writeEpochs(epochs: readonly ('busy' | 'quiet')[]): Promise<void>;
  /** Waits until the chain's clock is past a second. */
  until(unixTime: number): Promise<void>;
  close(): Promise<void>;
}

export interface LiveOptions {
  readonly policy?: Partial<Policy>;
  /** The policy's logs; by default one that `writeEpochs` writes. */
  readonly logs?: (network: string) => Policy['logs'];
  /** Seconds. */
  readonly epochS?: number;
  /** Seconds from the network's creation to its first epoch, in which its hotspots are registered. */
  readonly leadS?: number;
  /** How many oracles there are, and how many must agree; by default 2 of 3. */
  readonly oracles?: { readonly n: number; readonly k: number };
}

export async function startLiveNetwork(options: LiveOptions = {}): Promise<LiveNetwork> {
  const epochS = options.epochS ?? EPOCH_S;
  const dataDir = await mkdtemp(join(tmpdir(), 'coverant-settle-'));
  const localnet = await startLocalnet({ dataDir });
  const connection = openChain({ rpcUrl: localnet.rpcUrl, commitment: 'confirmed' });
  const { n, k } = options.oracles ?? { n: 3, k: 2 };
  const keys = Array.from({ length: 3 + n }, () => Keypair.generate());
  const [creator, payer, owner, ...oracles] = keys;
  if (creator === undefined || payer === undefined || owner === undefined) throw new Error('no keys');
  await Promise.all(keys.map((key) => connection.requestAirdrop(key.publicKey, 100 * LAMPORTS_PER_SOL)));
  await deployProgram({ connection, payer: creator, ...(await committedProgram()) });

  const network = networkAddress(creator.publicKey, NAME);
  const operations = Keypair.generate().publicKey;
  const origin = `${NAME}/${network.toBase58()}/ingest`;
  const signer = logSigner(origin, Keypair.generate().secretKey.slice(0, 32));
  const logDir = join(dataDir, 'ingest');
  await mkdir(logDir, { recursive: true });
  const policy: Policy = {
    ...DEFAULT_POLICY,
    beacon_interval_s: 4,
    holdback: 0,
    trust: { pairs: 'any', open_cap_bp: 10_000 },
    logs: options.logs?.(network.toBase58()) ?? [
      { origin, vkey: formatVerifierKey(signer.key), url: join(logDir, 'public') },
    ],
    ...options.policy,
  };
  const hash = await keepPolicy(dataDir, { policy });

  const { unixTime } = await readClock(connection, 'confirmed');
  const firstEpochStart = unixTime + (options.leadS ?? LEAD_S);
  await sendInstructions(connection, {
    payer: creator,
    instructions: [
      createNetwork({
        creator: creator.publicKey,
        name: NAME,
        config: {
          keyNetwork: 'mainnet',
          operations,
          guardian: creator.publicKey,
          epochLengthS: BigInt(epochS),
          firstEpochStart: BigInt(firstEpochStart),
          baseEmission: EMISSION,
          halvingPeriodEpochs: 0,
          bond: 0n,
          k,
          oracles: oracles.map((key) => key.publicKey),
          holdbackEpochs: 0,
          policyHash: hash,
          creditPrice: BigInt(policy.credit_price),
          challengeDelayS: Math.min(DELAY_S, Math.floor(epochS / 4)),
          timelockS: 10,
          guardianVetoes: 1,
        },
      }),
    ],
  });
  const hotspots = [0, 1, 2, 3].map((place) => testHotspot(`live ${place}`, place));
  await Promise.all(hotspots.map((hotspot) => register({ connection, network, payer, owner, hotspot })));
  await writeNetworkFile(dataDir, {
    network: network.toBase58() as Address,
    creator: creator.publicKey.toBase58() as Address,
    name: NAME,
    mint: mintAddress(network).toBase58() as Address,
    program: PROGRAM_ID.toBase58() as Address,
    genesisHash: await connection.getGenesisHash(),
    rpcUrl: localnet.rpcUrl,
  });
  if ((await readClock(connection, 'confirmed')).unixTime >= firstEpochStart)
    throw new Error('the machine was too slow: hotspots registered after the first epoch began');

  let now = firstEpochStart * 1000;
  const log = await openLog({
    dir: logDir,
    origin,
    signer,
    clock: () => millis(now),
    delayMs: 0,
    integrateEveryMs: 3_600_000,
    fatal: (error) => {
      throw error;
    },
  });

  async function writeEpochs(epochs: readonly ('busy' | 'quiet')[]): Promise<void> {
    const block = await latestBlock(connection);
    const world = new TestWorld({ hotspots, epochs: 0, block });
    for (const [epoch, kind] of epochs.entries()) {
      const start = (firstEpochStart + epoch * epochS) * 1000;
      world.log().add({
        receivedAt: start + epochS * 1000 + policy.grace_ms,
        body: { kind: 'epoch_close', epoch: epochNumber(BigInt(epoch)) },
      });
      if (kind === 'quiet') continue;
      for (const [order, beaconer] of hotspots.entries()) {
        const witnesses = hotspots.filter((other) => other !== beaconer);
        world.poc({ beaconer, witnesses, at: start + 500 + order * 400, lag: 100 });
      }
    }
    for (const entry of world.log().entries()) {
      const { receivedAt, body } = decodeRecord(entry);
      now = Math.max(now, receivedAt);
      if (body.kind === 'epoch_close') await log.closeEpoch(body.epoch);
      else if (body.kind !== 'unknown') await log.append([body]);
    }
    // The publisher's delay is taken from the log's own clock: one more millisecond is enough of it.
    now += 1;
    await log.integrate();
  }

  return {
    dataDir,
    rpcUrl: localnet.rpcUrl,
    connection,
    network,
    creator,
    payer,
    operations,
    oracles,
    hotspots,
    owner,
    policy,
    firstEpochStart,
    writeEpochs,
    until: async (unixTime) => {
      while ((await readClock(connection, 'finalized')).unixTime <= unixTime) await sleep(200);
    },
    close: async () => {
      await log.close();
      await localnet.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A block of which test worlds make their entropies. */
export async function latestBlock(connection: Connection): Promise<TestBlock> {
  const latest = await readLatestBlock(connection);
  const time = await connection.getBlockTime(Number(latest.slot));
  if (time === null) throw new Error('the chain does not tell the time of its latest block');
  return { ...latest, time };
}

async function register(input: {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly payer: Keypair;
  readonly owner: Keypair;
  readonly hotspot: TestHotspot;
}): Promise<void> {
  const { connection, network, payer, owner, hotspot } = input;
  const { cell, gain, elevation } = hotspot.facts;
  if (cell === null) throw new Error('a test hotspot has a cell');
  const message = registerMessage({ owner: owner.publicKey, gateway: hotspot.key, network });
  await sendInstructions(connection, {
    payer,
    signers: [owner],
    instructions: registerHotspot({
      payer: payer.publicKey,
      owner: owner.publicKey,
      network,
      key: hotspot.key,
      signature: ed25519.sign(message, hotspot.secret),
      location: { cell, gain, elevation, mode: 'full' },
    }),
  });
}

/** Epoch of the latest final tuple; null before the first. */
export async function finalEpoch(live: LiveNetwork): Promise<bigint | null> {
  return (await readNetwork(live.connection, live.network)).latest?.epoch ?? null;
}
