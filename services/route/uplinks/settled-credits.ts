import { FILES } from '#protocol/settle/folder';
import { creditsAt } from '#protocol/settle/registry';
import { openState } from '#protocol/settle/state';
import { base58 } from '@scure/base';
import { fromHex } from '#protocol/wire/hex';
import type { Address, EpochNumber } from '#protocol/units';
import type { Logger } from '../../runtime/logger.ts';
import { epochPath, readEpochIndex } from '../../runtime/public-epochs.ts';
import type { PublicFiles } from '../../runtime/public-files.ts';
import type { RegistryFile, RegistryReader } from '../../runtime/registry-file.ts';
import type { SettledCredits } from './credits.ts';

/** What the chain's accounts and the newest epoch folder say; both are looked at again by `refresh`. */
export interface RefreshedCredits extends SettledCredits {
  refresh(current: EpochNumber): Promise<void>;
}

/**
 * No folder is believed for anybody's money: it only says which of the uses that were counted here are settled by now. One
 * that lies makes this router buy too much or too little, and the oracles judge what it bought.
 */
export function openSettledCredits(options: {
  readonly registry: RegistryReader;
  readonly folders: readonly PublicFiles[];
  readonly logger: Logger;
}): RefreshedCredits {
  const { registry, folders, logger } = options;
  let file: RegistryFile | null = null;
  let balances: ReadonlyMap<Address, bigint> = new Map();
  /** What the chain knows to be settled: only where no folder says more. */
  let chainSettled: ReadonlyMap<Address, bigint> = new Map();
  let balancesOf: EpochNumber | null = null;
  let settled: ReadonlyMap<Address, bigint> = new Map();
  let settledThrough: EpochNumber | null = null;

  const readBalances = async (current: EpochNumber): Promise<void> => {
    const newest = await registry.read();
    if (newest === null || (newest === file && balancesOf === current)) return;
    chainSettled = new Map(newest.credits.map((account) => [account.owner, account.settled]));
    balances = new Map(creditsAt(newest.credits, current).map(({ owner, balance }) => [owner, balance]));
    file = newest;
    balancesOf = current;
  };
  const readFolder = async (source: PublicFiles): Promise<boolean> => {
    const latest = (await readEpochIndex(source)).at(-1);
    if (latest === undefined) return false;
    if (settledThrough !== null && latest.epoch <= settledThrough) return true;
    const bytes = await source.read(epochPath(latest.epoch, FILES.state));
    if (bytes === null) return false;
    const totals = openState(bytes).settledCredits;
    settled = new Map([...totals].map(([owner, total]) => [base58.encode(fromHex(owner)) as Address, total]));
    settledThrough = latest.epoch;
    return true;
  };
  return {
    get settledThrough() {
      return settledThrough;
    },
    balanceOf: (owner) => balances.get(owner) ?? 0n,
    settledOf: (owner) => (settledThrough === null ? chainSettled : settled).get(owner) ?? 0n,
    refresh: async (current) => {
      await readBalances(current);
      for (const source of folders) {
        try {
          if (await readFolder(source)) return;
        } catch (error) {
          logger.debug({ error, source: source.location }, 'an epoch folder cannot be read; trying another');
        }
      }
    },
  };
}
