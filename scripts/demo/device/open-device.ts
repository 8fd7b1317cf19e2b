import { createHash } from 'node:crypto';
import type { Connection, Keypair, PublicKey } from '@solana/web3.js';
import type { Address, EpochNumber } from '#protocol/units';
import { deviceKeys } from '#services/simulate/demo/device';
import type { Hotspot } from '#services/simulate/fleet';
import { listenNetworkServer, type ListeningServer } from '#services/simulate/lorawan/listen';
import { openNetworkServer } from '#services/simulate/lorawan/network-server';
import type { Say } from '../say.ts';
import { poll } from '../watch.ts';
import { buyDeviceCredits } from './buy-credits.ts';
import { DEV_ADDRS, registerDeviceRoute } from './register-route.ts';

/** The owner of the simulated device, its network server, and when its credits count. */
export interface DeviceOwner {
  readonly owner: Keypair;
  readonly server: ListeningServer;
  /** The first epoch whose packets its credits pay for. */
  readonly creditsFrom: Promise<EpochNumber>;
}

/** Experimental, of LoRaWAN's own. */
const NET_ID = Buffer.from('000024', 'hex');

/** Starts the device's network server, registers its route and buys credits with what the owner's hotspot earns. */
export async function openDevice(options: {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly fleet: readonly Hotspot[];
  readonly simulateSecret: Uint8Array;
  readonly payer: Keypair;
  readonly routeUrl: string;
  readonly port: number;
  readonly say: Say;
  readonly signal: AbortSignal;
}): Promise<DeviceOwner> {
  const { network, fleet, simulateSecret, say, signal } = options;
  const [hotspot] = fleet;
  if (hotspot === undefined) throw new RangeError('the fleet is empty');
  const { owner } = hotspot;
  const secret = createHash('sha256').update(simulateSecret).update('device/forward').digest('hex');
  const server = await listenNetworkServer({
    server: openNetworkServer({
      devices: [deviceKeys(simulateSecret)],
      netId: NET_ID,
      firstDevAddr: DEV_ADDRS.first,
      answer: (payload) => Buffer.from(`heard ${payload.toString()}`),
    }),
    secret,
    port: options.port,
  });
  const to = { url: server.url, secret };
  // Until the router answers; afterwards what it refuses is said.
  await poll(signal, async () => ((await fetch(`${options.routeUrl}/health`)).ok ? true : null), 60_000);
  await registerDeviceRoute({
    routeUrl: options.routeUrl,
    network: network.toBase58() as Address,
    owner,
    server: to,
    now: Date.now(),
  });
  say(
    'route',
    `the owner of ${hotspot.name} registered a route for a device: ${DEV_ADDRS.first} to ${DEV_ADDRS.last}`,
  );
  const creditsFrom = buyDeviceCredits({ ...options, owner }).then((epoch) => {
    say('route', `it bought data credits with tokens of its hotspot; they hold from epoch ${epoch} on`);
    return epoch;
  });
  // Whoever waits for it is told.
  creditsFrom.catch(() => undefined);
  return { owner, server, creditsFrom };
}
