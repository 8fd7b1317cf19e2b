import { type PublicKey, type Connection } from '@solana/web3.js';
import type { RawHotspot, RawLocation, Timed } from '#protocol/settle/registry';
import { amount, epochNumber, type Amount, type HotspotKey } from '#protocol/units';
import { hotspotAddress } from '../address.ts';
import { named, type Fields } from '../fields.ts';
import { keyFromParts, type KeyNetwork } from '../hotspot-key.ts';
import { decodeAccount, findAccount, listAccounts, type AtSlot, type ReadOptions } from './account.ts';

export const MODES = { full: 1, data_only: 2 } as const;
const STATUSES = { active: 1, quarantined: 2 } as const;
const TIERS = { open: 1, endorsed: 2, bonded: 3 } as const;

/** A hotspot's account: what oracles read of it (RawHotspot), whose it is and what it claimed. */
export interface Hotspot extends RawHotspot {
  readonly address: PublicKey;
  readonly network: PublicKey;
  readonly owner: PublicKey;
  /** Who receives the tokens. */
  readonly destination: PublicKey;
  readonly claimed: Amount;
  /** What stands behind tier bonded; 0 where the next tier is another. */
  readonly bond: Amount;
  /** Bond that was asked back; free from `unbondedAt` on (seconds, 0 where there is none). */
  readonly unbonding: Amount;
  readonly unbondedAt: bigint;
  /** How many motions were applied to it: the nonce of the next. */
  readonly motions: bigint;
  /** Address of the Maker account that endorses it from the next epoch on. */
  readonly maker: PublicKey | null;
}

/** A network's address and which key network its hotspots are of; a `Network` is one. */
export interface KeyedNetwork {
  readonly address: PublicKey;
  readonly keyNetwork: KeyNetwork;
}

/** null where the key is not registered. */
export async function readHotspot(
  connection: Connection,
  { network, key }: { readonly network: KeyedNetwork; readonly key: HotspotKey },
  options?: ReadOptions,
): Promise<Hotspot | null> {
  const address = hotspotAddress(network.address, key);
  const { value } = await findAccount(connection, 'Hotspot', address, options);
  return value === null ? null : hotspotOf(address, value, network.keyNetwork);
}

/** Every hotspot of a network as of one slot. */
export async function readHotspots(
  connection: Connection,
  network: KeyedNetwork,
  options?: ReadOptions,
): Promise<AtSlot<readonly Hotspot[]>> {
  const { slot, value } = await listAccounts(connection, 'Hotspot', network.address, options);
  return { slot, value: value.map((item) => hotspotOf(item.address, item.fields, network.keyNetwork)) };
}

export function decodeHotspot(address: PublicKey, data: Uint8Array, keyNetwork: KeyNetwork): Hotspot {
  return hotspotOf(address, decodeAccount('Hotspot', address, data), keyNetwork);
}

const hotspotOf = (address: PublicKey, fields: Fields, keyNetwork: KeyNetwork): Hotspot => {
  const owner = fields.address('owner');
  return {
    address,
    network: fields.address('network'),
    key: keyFromParts(keyNetwork, fields.int('key_type'), fields.bytes('key')),
    owner,
    destination: fields.addressOrNone('destination') ?? owner,
    registeredAt: Number(fields.u64('registered_at')),
    claimed: amount(fields.u64('claimed')),
    bond: amount(fields.u64('bond')),
    unbonding: amount(fields.u64('unbonding')),
    unbondedAt: fields.u64('unbonded_at'),
    motions: fields.u64('motions'),
    maker: fields.struct('tier').struct('next').addressOrNone('maker'),
    status: timedOf(fields.struct('status'), (part, name) => named(STATUSES, part.int(name), 'status')),
    tier: timedOf(fields.struct('tier'), (part, name) => named(TIERS, part.struct(name).int('kind'), 'tier')),
    location: timedOf(fields.struct('location'), (part, name) => locationOf(part.struct(name))),
  };
};

const timedOf = <Value>(fields: Fields, read: (fields: Fields, name: string) => Value): Timed<Value> => ({
  current: read(fields, 'current'),
  next: read(fields, 'next'),
  nextFrom: epochNumber(fields.u64('next_from_epoch')),
});

/** From the program's own struct, in accounts and in events. */
export const locationOf = (fields: Fields): RawLocation => ({
  cell: fields.u64('cell'),
  gain: fields.int('gain'),
  elevation: fields.int('elevation'),
  mode: named(MODES, fields.int('mode'), 'mode'),
});
