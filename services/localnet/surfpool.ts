import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keypair } from '@solana/web3.js';
import { holdClock } from './clock.ts';
import { callRpc } from './rpc.ts';
import { exportAccounts, newGenesisHash, readSnapshot, restoreAccounts, writeSnapshot } from './snapshot.ts';
import type { Chain, ChainOptions } from './chain.ts';

interface Surfnet {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly drainEvents: () => unknown;
  readonly stop: () => void;
}

interface SurfnetConfig {
  readonly offline: true;
  readonly blockProductionMode: 'clock';
  readonly slotTimeMs: number;
  readonly airdropSol: number;
  readonly payerSecretKey: readonly number[];
}

interface Surfpool {
  readonly Surfnet: { readonly startWithConfig: (config: SurfnetConfig) => Surfnet };
}

/** Blockhashes live 119 blocks; under 300 ms a slot, web3.js's cache of 30 s outlives them. */
const SLOT_MS = 400;
/** The engine freezes after about 1024 events that nobody took. */
const DRAIN_MS = 20;
const SNAPSHOT_MS = 10_000;

/** The native package of this platform, or null where there is none. */
export function loadSurfpool(): Surfpool | null {
  const platform = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
  try {
    const loaded: unknown = createRequire(import.meta.url)(`@solana/surfpool-${platform}`);
    return isSurfpool(loaded) ? loaded : null;
  } catch {
    return null;
  }
}

/** Starts Surfpool from the folder's snapshot, which is renewed every 10 s and at the end. */
export async function startSurfpool(surfpool: Surfpool, options: ChainOptions): Promise<Chain> {
  const { folder, say } = options;
  const file = join(folder, 'snapshot.json');
  const saved = await readSnapshot(file);
  const surfnet = surfpool.Surfnet.startWithConfig({
    offline: true,
    blockProductionMode: 'clock',
    slotTimeMs: SLOT_MS,
    airdropSol: 1e12,
    payerSecretKey: [...Keypair.fromSeed(randomBytes(32)).secretKey],
  });
  const draining = setInterval(() => surfnet.drainEvents(), DRAIN_MS);
  const { rpcUrl } = surfnet;
  const call = (method: string, params: readonly unknown[]): Promise<unknown> =>
    callRpc(rpcUrl, { method, params });

  const native = await exportAccounts(call);
  // The engine draws another one at every start, while to everybody else the chain goes on.
  const genesisHash = saved?.genesisHash ?? newGenesisHash();
  if (saved !== null) {
    await restoreAccounts(call, saved.accounts);
    say(`restored ${saved.accounts.size} accounts from ${file}`);
  }
  const save = async (): Promise<void> => {
    const accounts = await exportAccounts(call);
    for (const [address, account] of native) {
      if (accounts.get(address)?.data === account.data) accounts.delete(address);
    }
    await writeSnapshot(file, { genesisHash, accounts });
  };

  const stop = new AbortController();
  const clock = holdClock({ call, slotMs: SLOT_MS, signal: stop.signal, say });
  const snapshots = saveRegularly({ save, signal: stop.signal, say });
  const failed = Promise.all([clock, snapshots]).then((): never => {
    throw new Error('the chain was stopped');
  });
  failed.catch(() => undefined);
  const close = async (): Promise<void> => {
    stop.abort();
    await Promise.allSettled([clock, snapshots]);
    await save();
    clearInterval(draining);
    surfnet.stop();
  };
  const websocket = new URL(surfnet.wsUrl);
  return {
    name: 'Surfpool',
    rpcUrl,
    genesisHash,
    websocket: { host: websocket.hostname, port: Number(websocket.port) },
    failed,
    close,
  };
}

/** A full disk must not end the chain: the next try may find room. */
async function saveRegularly(options: {
  readonly save: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}): Promise<void> {
  const { save, signal, say } = options;
  const pause = (): Promise<unknown> => sleep(SNAPSHOT_MS, undefined, { signal }).catch(() => undefined);
  for (await pause(); !signal.aborted; await pause()) {
    await save().catch((error: unknown) => {
      say(`the snapshot could not be written: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
}

function isSurfpool(value: unknown): value is Surfpool {
  if (typeof value !== 'object' || value === null || !('Surfnet' in value)) return false;
  return typeof value.Surfnet === 'function' && 'startWithConfig' in value.Surfnet;
}
