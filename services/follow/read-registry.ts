import type { Connection, PublicKey } from '@solana/web3.js';
import { readAllCredits, readClock, readHotspots, readNetwork } from '#client';
import type { RawCredits, RawHotspot } from '#protocol/settle/registry';
import { type Address } from '#protocol/units';
import type { RegistryFile } from '#services/runtime/registry-file';

/** Reads what the other stages need of the chain; the time is of the slot from which the rest is at least as new. */
export async function readRegistry(connection: Connection, address: PublicKey): Promise<RegistryFile> {
  const clock = await readClock(connection);
  const minContextSlot = clock.slot;
  const network = await readNetwork(connection, address, { minContextSlot });
  const hotspots = await readHotspots(connection, network, { minContextSlot });
  const credits = await readAllCredits(connection, address, { minContextSlot });
  return {
    slot: clock.slot,
    unixTime: clock.unixTime,
    network: {
      address: network.address.toBase58() as Address,
      keyNetwork: network.keyNetwork,
      epochLength: Number(network.epochLengthS),
      firstEpochStart: Number(network.firstEpochStart),
      policyHash: network.policy.hash,
      pendingPolicy: network.pendingPolicy && {
        hash: network.pendingPolicy.policy.hash,
        firstEpoch: network.pendingPolicy.firstEpoch,
      },
    },
    hotspots: hotspots.value.map(rawOf).sort((a, b) => (a.key < b.key ? -1 : 1)),
    credits: credits.value.map(rawCreditsOf).sort((a, b) => (a.owner < b.owner ? -1 : 1)),
  };
}

/** Without the owner, claims and addresses: they change often and nobody who reads the file asks for them. */
function rawOf(hotspot: RawHotspot): RawHotspot {
  const { key, registeredAt, status, tier, location } = hotspot;
  return { key, registeredAt, status, tier, location };
}

function rawCreditsOf({ owner, firstEpoch, balance, settled }: RawCredits): RawCredits {
  return { owner, firstEpoch, balance, settled };
}

/** Whether something else than the slot and the time differs. */
export function sameFacts(a: RegistryFile, b: RegistryFile): boolean {
  return factsText(a) === factsText(b);
}

function factsText(file: RegistryFile): string {
  return JSON.stringify([file.network, file.hotspots, file.credits], (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
