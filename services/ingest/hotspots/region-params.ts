import { CHANNEL_PLANS } from '#protocol/geo/channel-plans';
import { regionOf, regionPlan, type ChannelPlan } from '#protocol/geo/regions';
import { factsAt } from '#protocol/settle/registry';
import { epochNumber, type EpochNumber, type HotspotKey } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { openRegionRequest, type RegionRequest } from '#protocol/wire/region-request';
import { regionName } from '#protocol/wire/region';
import { grpcRefusal } from '../../runtime/grpc/refusals.ts';
import { opened } from '../../runtime/grpc/session-handshake.ts';
import type { RegistryFile, RegistryReader } from '../../runtime/registry-file.ts';
import { grpcRefusalOf, refusal } from '../refusals.ts';
import type { ConfigKey } from './config-key.ts';
import { encodeRegionAnswer } from './region-answer.ts';

interface Asserted {
  readonly plan: ChannelPlan;
  /** dBi x10. */
  readonly gain: number;
}

/** gateway.region_params: where the chain says that a hotspot stands decides its channels, and its antenna its power. */
export function openRegionParams(options: {
  readonly registry: RegistryReader;
  readonly configKey: ConfigKey;
  readonly verify: VerifySignature;
  readonly now: () => number;
}): (message: Uint8Array) => Promise<Uint8Array> {
  const { registry, configKey, verify, now } = options;
  const places = openPlaces();
  return async (message) => {
    const request = opened(() => openRegionRequest(message));
    const { key, signature } = request;
    if (!verify({ key, message: request.signedBytes, signature })) throw grpcRefusal('bad_signature');
    const timestamp = Math.floor(now() / 1000);
    const file = await registry.read();
    const asserted = file === null ? null : places(file, key, timestamp);
    const { plan, gain } = asserted ?? { plan: askedFor(request), gain: 0 };
    return encodeRegionAnswer({ plan, gain, timestamp }, configKey);
  };
}

/** The region that an unknown or unasserted hotspot used last; without a plan the client would neither beacon nor ask again. */
function askedFor({ region }: RegionRequest): ChannelPlan {
  const plan = Object.values(CHANNEL_PLANS).find(({ number }) => number === region);
  if (plan !== undefined) return plan;
  throw grpcRefusalOf(refusal('unknown_region', null, regionName(region) ?? String(region)));
}

/** Looks places up by key; the registry is indexed once for each version of its file. */
function openPlaces(): (file: RegistryFile, key: HotspotKey, seconds: number) => Asserted | null {
  let indexed: RegistryFile | null = null;
  let hotspots: ReadonlyMap<HotspotKey, RegistryFile['hotspots'][number]> = new Map();
  return (file, key, seconds) => {
    if (file !== indexed) {
      hotspots = new Map(file.hotspots.map((hotspot) => [hotspot.key, hotspot]));
      indexed = file;
    }
    const hotspot = hotspots.get(key);
    if (hotspot === undefined) return null;
    const { cell, gain } = factsAt(hotspot, epochAt(file.network, seconds));
    const region = cell === null ? null : regionOf(cell);
    return region === null ? null : { plan: regionPlan(region), gain };
  };
}

/** The epoch that a second is in; the first one before it has begun. */
function epochAt({ firstEpochStart, epochLength }: RegistryFile['network'], seconds: number): EpochNumber {
  return epochNumber(BigInt(Math.max(0, Math.floor((seconds - firstEpochStart) / epochLength))));
}
