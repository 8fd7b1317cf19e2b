import { fromBinary } from '@bufbuild/protobuf';
import type { Entropy } from '#protocol/crypto/payload';
import type { HotspotKey } from '#protocol/units';
import { entropy_report_v1Schema } from '../../runtime/grpc/generated/poc_entropy_pb.js';
import type { Cheat, HeardBeacon } from '#services/simulate/cheats/cheat';
import type { Medium } from '#services/simulate/medium/medium';
import type { Random } from '#services/simulate/medium/random';
import type { Antenna } from '#services/simulate/medium/radio';
import { openActor } from './actor.ts';
import { openBeaconLoop } from './beacon-loop.ts';
import type { KeyPair } from './identity.ts';
import { openChannel } from './link/grpc-channel.ts';
import { openPocLink, type Version } from './link/poc-link.ts';
import { openRouterLink } from './link/router-link.ts';
import { openRegionWatch } from './region-watch.ts';

/** What a `settings.toml` says of the network. */
export interface Servers {
  readonly config: { readonly uri: string; readonly key: HotspotKey };
  readonly entropy: string;
  readonly ingest: string;
  /** null: it opens no router stream. */
  readonly router: string | null;
}

export interface HotspotOptions {
  readonly servers: Servers;
  readonly version: Version;
  readonly identity: KeyPair;
  readonly antenna: Antenna;
  readonly medium: Medium;
  readonly random: Random;
  readonly intervalS: number;
  /** Number of the region to ask for first. */
  readonly region?: number;
  readonly cheat?: Cheat;
  readonly tellFriends?: (heard: HeardBeacon) => void;
  /** Of failures that the real client logs and goes on. */
  readonly onTrouble?: (what: string, error: unknown) => void;
}

export interface HotspotCounts {
  readonly regionAnswers: number;
  readonly reports: number;
  readonly lostReports: number;
  readonly packets: number;
  /** Bytes of gRPC bodies. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface SimulatedHotspot {
  readonly counts: () => HotspotCounts;
  readonly overhear: (heard: HeardBeacon) => void;
  readonly close: () => void;
}

const ENTROPY_PATH = '/helium.poc_entropy.poc_entropy/entropy';

/** A whole hotspot that speaks a version's protocol byte for byte, with its radio in the medium. */
export function openHotspot(options: HotspotOptions): SimulatedHotspot {
  const { servers, identity, medium, random, intervalS, onTrouble = () => undefined } = options;
  const { clock } = medium;
  const channels = {
    config: openChannel(servers.config.uri, clock),
    entropy: openChannel(servers.entropy, clock),
    ingest: openChannel(servers.ingest, clock),
  };
  const routerChannel = servers.router === null ? null : openChannel(servers.router, clock);
  const by = { identity, clock, random };
  const uplink = openPocLink({ ...by, channel: channels.ingest, version: options.version });
  const router =
    routerChannel === null
      ? null
      : openRouterLink({
          ...by,
          channel: routerChannel,
          onDownlink: (downlink) => {
            actor.downlink(downlink);
          },
        });
  const watch = openRegionWatch({
    ...by,
    channel: channels.config,
    server: servers.config.key,
    ...(options.region === undefined ? {} : { region: options.region }),
    onAnswer: ({ timestamp }) => {
      beacons.regionAnswered(timestamp);
    },
    onRefusal: (error) => {
      onTrouble('region_params', error);
    },
  });
  const actor = openActor({
    ...options,
    uplink,
    // Fetched before each beacon: an error skips it.
    entropy: async () => entropyOf(await channels.entropy.unary(ENTROPY_PATH, new Uint8Array(0))),
    params: watch.params,
    ...(router === null ? {} : { onPacket: router.packet }),
  });
  const beacons = openBeaconLoop({
    clock,
    random,
    intervalS,
    beacon: () => {
      // One loop does both: a server that gives no headers holds up the beacons, too.
      uplink
        .settled()
        .then(actor.beacon)
        .catch((error: unknown) => {
          onTrouble('beacon', error);
        });
    },
  });
  const all = [...Object.values(channels), ...(routerChannel === null ? [] : [routerChannel])];
  const sum = (of: 'sent' | 'received'): number => all.reduce((total, { traffic }) => total + traffic[of], 0);
  return {
    counts: () => ({
      regionAnswers: watch.counts.accepted,
      reports: uplink.counts.sent,
      lostReports: uplink.counts.lost,
      packets: router?.counts.sent ?? 0,
      sentBytes: sum('sent'),
      receivedBytes: sum('received'),
    }),
    overhear: actor.overhear,
    close: () => {
      for (const each of [beacons, watch, actor, uplink, ...(router === null ? [] : [router]), ...all])
        each.close();
    },
  };
}

/** An entropy as the wire has it; version 2 and later are not beaconed. */
export function entropyOf(bytes: Uint8Array): Entropy {
  const { data, timestamp, version } = fromBinary(entropy_report_v1Schema, bytes);
  return { data, timestamp: Number(timestamp), version };
}
