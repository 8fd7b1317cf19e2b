import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#services/runtime/logger';
import { regionPlan } from '#protocol/geo/regions';
import { cheatOf, type CheatName } from '#services/simulate/cheats/cheats';
import { HONEST, type Cheat } from '#services/simulate/cheats/cheat';
import type { Hotspot } from '../fleet.ts';
import { openActor, type Actor } from '#services/simulate/hotspot/actor';
import { identityOf, type Sign } from '#services/simulate/hotspot/identity';
import { openChannel } from '#services/simulate/hotspot/link/grpc-channel';
import { openPocLink } from '#services/simulate/hotspot/link/poc-link';
import { openRouterLink } from '#services/simulate/hotspot/link/router-link';
import { signedReport, type Draft } from '#services/simulate/hotspot/reports';
import { realClock } from '#services/simulate/medium/clock';
import { openMedium } from '#services/simulate/medium/medium';
import type { Coordinates } from '#services/simulate/medium/place';
import { seededRandom, type Random } from '#services/simulate/medium/random';
import { openLorawanDevice, type DeviceKeys } from '#services/simulate/lorawan/device';
import { openDeviceLoop, type DeviceCounts } from './device-loop.ts';
import type { IngestClient } from './ingest-client.ts';
import { beaconTime, nextBucket } from './schedule.ts';
import type { Role } from './sites.ts';

export interface Counts {
  beacons: number;
  witnesses: number;
  receipted: number;
  lost: number;
}

/** A witness counts up to 4 s after the beacon; later ones would only be too_late. */
const WITNESS_RETRY_MS = 2_000;
const DEVICE_EVERY_MS = 4_000;

/** The plug-in of each role; the Sybils' radios are made up, but they report as honest ones. */
const PLUGINS: Readonly<Record<Exclude<Role, 'honest' | 'sybil'>, CheatName>> = {
  liar: 'location-spoofer',
  thief: 'payload-thief',
  forger: 'key-forger',
  crowder: 'crowder',
};

export interface SimulationOptions {
  readonly fleet: readonly Hotspot[];
  readonly client: IngestClient;
  /** Where hotspots speak gRPC: honest ones send their reports and what they hear of devices there; null: nobody does. */
  readonly gatewayUrl: string | null;
  /** Sends a reading every so often; needs a gateway's address. */
  readonly device: { readonly keys: DeviceKeys; readonly place: Coordinates; readonly counts: DeviceCounts };
  readonly intervalMs: number;
  readonly seed: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Lets every hotspot beacon once per bucket and witness what it hears, honestly or not, until the signal aborts. */
export async function runSimulation(options: SimulationOptions, counts: Counts): Promise<void> {
  const { fleet, intervalMs, signal, now } = options;
  const clock = realClock();
  // Its buckets of seconds have less room than all the beacons take on air.
  const medium = openMedium({ clock, seed: options.seed, interference: false });
  const opened = fleet.map((hotspot) => openHotspot(hotspot, { ...options, medium, counts }));
  const actors = opened.map(({ actor }) => actor);
  const { keys, ...device } = options.device;
  const loop =
    options.gatewayUrl === null
      ? null
      : openDeviceLoop({ ...device, medium, device: openLorawanDevice(keys), everyMs: DEVICE_EVERY_MS });
  const beaconForever = async (actor: Actor, index: number): Promise<void> => {
    for (let bucket = nextBucket(now(), intervalMs); ; bucket += 1) {
      const at = beaconTime({ bucket, intervalMs, index, count: fleet.length });
      if (at < now()) continue;
      await sleep(at - now(), undefined, { signal });
      await actor.beacon();
    }
  };
  await Promise.all(actors.map(beaconForever)).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  loop?.close();
  for (const { close } of opened) close();
  clock.close();
}

function openHotspot(
  hotspot: Hotspot,
  of: SimulationOptions & {
    readonly medium: ReturnType<typeof openMedium>;
    readonly counts: Counts;
  },
): { readonly actor: Actor; readonly close: () => void } {
  const { client, intervalMs, signal, now, counts } = of;
  const bucketEnd = (): number => (Math.floor(now() / intervalMs) + 1) * intervalMs;
  const random = seededRandom(of.seed, hotspot.key, String(now()));
  const gateway =
    hotspot.role === 'honest' ? openGateway(hotspot, { ...of, random, actor: () => actor }) : null;
  const submit = (draft: Draft, sign: Sign = hotspot.sign): void => {
    counts[draft.kind === 'beacon' ? 'beacons' : 'witnesses'] += 1;
    if (gateway?.reports) {
      gateway.reports.submit(draft);
      return;
    }
    const report = signedReport(draft, sign);
    const until = report.kind === 'beacon' ? bucketEnd() : now() + WITNESS_RETRY_MS;
    void client.submit(report, until).then((sent) => {
      counts[sent.kind] += 1;
      if (sent.kind === 'lost' && !signal.aborted)
        of.logger.warn({ kind: report.kind, reason: sent.reason }, 'a report was lost');
    });
  };
  const plan = regionPlan(hotspot.region);
  const params = { region: plan.number, plan, gain: hotspot.gain };
  const actor = openActor({
    medium: of.medium,
    antenna: hotspot,
    identity: hotspot,
    random,
    intervalS: intervalMs / 1000,
    uplink: { submit },
    entropy: client.entropy,
    params: () => params,
    cheat: cheatOfRole(hotspot),
    ...(gateway === null ? {} : { onPacket: gateway.packet }),
  });
  return {
    actor,
    close: () => {
      gateway?.close();
      actor.close();
    },
  };
}

/** What an honest hotspot says by gRPC: in San Francisco its reports, on streams; everywhere what it hears of devices. */
function openGateway(
  hotspot: Hotspot,
  of: Pick<SimulationOptions, 'gatewayUrl'> & {
    readonly medium: ReturnType<typeof openMedium>;
    readonly random: Random;
    readonly actor: () => Actor;
  },
) {
  if (of.gatewayUrl === null) return null;
  const by = { identity: hotspot, clock: of.medium.clock, random: of.random };
  const channel = openChannel(of.gatewayUrl, of.medium.clock);
  const reports =
    hotspot.region === 'US915'
      ? openPocLink({ ...by, version: '1.3.0', channel: openChannel(of.gatewayUrl, of.medium.clock) })
      : null;
  const router = openRouterLink({
    ...by,
    channel,
    onDownlink: (downlink) => {
      of.actor().downlink(downlink);
    },
  });
  return {
    reports,
    packet: router.packet,
    close: () => {
      reports?.close();
      router.close();
      channel.close();
    },
  };
}

/** The forger's reports are signed by a key that it made up. */
function cheatOfRole({ role, key, curve }: Hotspot): Cheat {
  if (role === 'honest' || role === 'sybil') return HONEST;
  const forged = identityOf({ secret: Buffer.from(key, 'hex'), label: 'forgery', curve }).sign;
  return cheatOf(PLUGINS[role], { forged });
}
