import type { Connection, PublicKey } from '@solana/web3.js';
import { oraclesAt, readNetwork, type Network } from '#client';
import { openReadHeader } from '#protocol/route/read-request';
import type { Address } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { RouteRefusal } from './refusals.ts';

/** Who may read what is nobody else's. */
export interface Readers {
  /** The address that signed the request; ProtocolError `unauthorized_read` otherwise. */
  require(header: string | undefined, path: string): Address;
  /** Whether it is an oracle of the network; RouteRefusal where the chain never said who is. */
  isOracle(address: Address): Promise<boolean>;
}

const REREAD_MS = 30_000;

export function openReaders(options: {
  readonly chain: Connection;
  readonly network: PublicKey;
  readonly verify: VerifySignature;
  readonly now: () => number;
}): Readers {
  const { chain, network, verify, now } = options;
  const address = network.toBase58() as Address;
  let known: { readonly network: Network; readonly at: number } | null = null;
  let asking: Promise<void> | null = null;
  const ask = async (): Promise<void> => {
    known = { network: await readNetwork(chain, network), at: now() };
  };
  return {
    require: (header, path) => openReadHeader(header, { network: address, path, now: now() / 1000, verify }),
    isOracle: async (reader) => {
      if (known === null || now() - known.at > REREAD_MS) {
        asking ??= ask().finally(() => (asking = null));
        // Those that were known last hold while the chain does not answer.
        await asking.catch(() => undefined);
      }
      if (known === null) throw new RouteRefusal('chain_unreachable');
      const set = oraclesAt(known.network, Math.floor(now() / 1000));
      return set.keys.some((key) => key.toBase58() === reader);
    },
  };
}
