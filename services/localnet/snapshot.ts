import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { isRecord } from './rpc.ts';

export interface SavedAccount {
  readonly lamports: number;
  readonly owner: string;
  readonly executable: boolean;
  /** base64 */
  readonly data: string;
}

export type Accounts = Map<string, SavedAccount>;

/** What a chain is continued from: its accounts, and the hash that says that it is the same chain. */
export interface Snapshot {
  readonly genesisHash: string;
  readonly accounts: Accounts;
}
type Call = (method: string, params: readonly unknown[]) => Promise<unknown>;

const SCOPE = {
  scope: 'network',
  filter: { includeProgramAccounts: true, excludeSysvars: true, excludeFeatureGates: true },
};

/** Every account of the chain but sysvars and feature gates. */
export async function exportAccounts(call: Call): Promise<Accounts> {
  const result = await call('surfnet_exportSnapshot', [SCOPE]);
  return accountsOf(isRecord(result) && isRecord(result['value']) ? result['value'] : result);
}

/** Programs come last: one that is set before its ProgramData does nothing when called. */
export function inRestoreOrder(accounts: Accounts): readonly (readonly [string, SavedAccount])[] {
  return [...accounts].sort(([, a], [, b]) => Number(a.executable) - Number(b.executable));
}

export async function restoreAccounts(call: Call, accounts: Accounts): Promise<void> {
  for (const [address, account] of inRestoreOrder(accounts)) {
    const { lamports, owner, executable } = account;
    const data = Buffer.from(account.data, 'base64').toString('hex');
    await call('surfnet_setAccount', [address, { lamports, owner, executable, data }]);
  }
  const restored = await exportAccounts(call);
  for (const [address, account] of accounts) {
    const found = restored.get(address);
    if (found?.data !== account.data || found.owner !== account.owner || found.lamports !== account.lamports)
      throw new Error(
        `account ${address} is not on the chain as the snapshot has it; the chain is not usable`,
      );
  }
}

/** null where there is no snapshot yet; a damaged one is an error, never a new chain. */
export async function readSnapshot(file: string): Promise<Snapshot | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (!isRecord(parsed) || parsed['version'] !== 1) throw new TypeError('expected version 1');
    const { genesisHash = newGenesisHash() } = parsed;
    if (typeof genesisHash !== 'string') throw new TypeError('expected a genesis hash');
    return { genesisHash, accounts: accountsOf(parsed['accounts']) };
  } catch (error) {
    throw new Error(`${file} is not a chain snapshot; remove it to begin a new chain.`, { cause: error });
  }
}

/** Replaces the file as a whole, durably. */
export async function writeSnapshot(file: string, { genesisHash, accounts }: Snapshot): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const next = await open(`${file}.next`, 'w');
  try {
    await next.writeFile(JSON.stringify({ version: 1, genesisHash, accounts: Object.fromEntries(accounts) }));
    await next.sync();
  } finally {
    await next.close();
  }
  await rename(`${file}.next`, file);
}

/** For a chain that begins. */
export function newGenesisHash(): string {
  return new PublicKey(randomBytes(32)).toBase58();
}

function accountsOf(value: unknown): Accounts {
  if (!isRecord(value)) throw new TypeError('expected an object of accounts');
  return new Map(Object.entries(value).map(([address, account]) => [address, savedAccount(account)]));
}

function savedAccount(value: unknown): SavedAccount {
  if (!isRecord(value)) throw new TypeError('expected an account');
  const { lamports, owner, executable, data } = value;
  if (typeof lamports !== 'number' || !Number.isSafeInteger(lamports) || typeof owner !== 'string')
    throw new TypeError('expected an account with whole lamports and an owner');
  if (typeof executable !== 'boolean' || typeof data !== 'string')
    throw new TypeError('expected an account with data in base64');
  return { lamports, owner, executable, data };
}
