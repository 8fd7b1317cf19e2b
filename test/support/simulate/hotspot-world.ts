import { vi } from 'vitest';
import { openHotspot, type SimulatedHotspot } from '#services/simulate/hotspot/hotspot';
import { identityOf, type Identity } from '#services/simulate/hotspot/identity';
import type { Version } from '#services/simulate/hotspot/link/poc-link';
import type { Clock } from '#services/simulate/medium/clock';
import { openMedium, type Medium } from '#services/simulate/medium/medium';
import { seededRandom } from '#services/simulate/medium/random';
import { openFakeNetwork, openRequest, PATHS, type FakeNetwork, type Received } from './fake-network.ts';
import { scaledClock } from './scaled-clock.ts';
import { VECTORS } from './vectors.ts';

/** Simulated seconds of a second. */
export const FACTOR = 20;
/** What a busy machine may be late by, in simulated milliseconds. */
export const LATE_MS = 1_000 * FACTOR;
export const INTERVAL_S = 10;

const SECRET = new Uint8Array(32).fill(9);
const PLACES = [
  { latitude: 52.52, longitude: 13.4 },
  { latitude: 52.52, longitude: 13.41 },
] as const;

type Request = Received & ReturnType<typeof openRequest>;

/** A fake network and hotspots that speak to it, in a hurry. */
export interface HotspotWorld {
  readonly network: FakeNetwork;
  readonly clock: Clock;
  readonly medium: Medium;
  readonly open: (
    version: Version,
    member?: 0 | 1,
    intervalS?: number,
  ) => { readonly identity: Identity; readonly hotspot: SimulatedHotspot };
  /** What came on a path. */
  readonly on: (path: string) => readonly Received[];
  /** What came of a kind on report streams. */
  readonly requests: (kind: string) => readonly Request[];
  readonly close: () => Promise<void>;
}

export async function openHotspotWorld(): Promise<HotspotWorld> {
  const network = await openFakeNetwork();
  const clock = scaledClock(FACTOR);
  const medium = openMedium({ clock, seed: '1' });
  const hotspots: SimulatedHotspot[] = [];
  const on = (path: string) => network.received.filter((each) => each.path === path);
  return {
    network,
    clock,
    medium,
    open: (version, member = 0, intervalS = INTERVAL_S) => {
      const curve = member === 0 ? 'ed25519' : 'p256';
      const identity = identityOf({ secret: SECRET, label: `${version} ${member}`, curve });
      const { uri } = network;
      const hotspot = openHotspot({
        servers: { config: { uri, key: VECTORS.server.bin }, entropy: uri, ingest: uri, router: uri },
        version,
        identity,
        antenna: { place: PLACES[member], elevation: 20, gain: 12 },
        medium,
        random: seededRandom('hotspot test', version, member),
        intervalS,
      });
      hotspots.push(hotspot);
      return { identity, hotspot };
    },
    on,
    requests: (kind) =>
      on(PATHS.stream)
        .map((each) => ({ ...each, ...openRequest(each) }))
        .filter((each) => each.kind === kind),
    close: async () => {
      for (const hotspot of hotspots) hotspot.close();
      clock.close();
      await network.close();
    },
  };
}

export const until = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 20 });
