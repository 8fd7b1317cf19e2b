import { ProtocolError } from '#protocol/errors';
import { CHANNEL_PLANS } from '#protocol/geo/channel-plans';
import type { BeaconPlan } from '#protocol/crypto/payload';
import type { Region } from '#protocol/geo/regions';
import { listOf, object, type Read } from './fields.ts';
import { malformed } from '../refusal.ts';
import { int32, integer, size, text } from './values.ts';

const whole = size(0, Number.MAX_SAFE_INTEGER);

/** A region whose channel plan is known; unknown_region. */
export const regionNamed: Read<Region> = (value, path) => {
  const name = text(value, path);
  const plan = Object.values(CHANNEL_PLANS).find(({ region }) => region === name);
  if (plan === undefined) throw new ProtocolError('unknown_region', { region: name.slice(0, 40) });
  return plan.region;
};

/** A plan as region_params sends it: a list of channels, of which the first names bandwidth and spreading (poc.md 2). */
export const channelPlan: Read<BeaconPlan> = (value, path) => {
  const channels = listOf(channel)(value, path);
  const [first] = channels;
  if (first === undefined) throw malformed(path, 'at least one channel', value);
  return {
    frequencies: channels.map(({ frequency }) => frequency),
    bandwidth: first.bandwidth,
    spreading: first.spreading,
    maxEirp: channels.reduce((most, { maxEirp }) => Math.max(most, maxEirp), first.maxEirp),
  };
};

const channel: Read<{
  readonly frequency: number;
  readonly bandwidth: number;
  readonly maxEirp: number;
  readonly spreading: BeaconPlan['spreading'];
}> = (value, path) => {
  const of = object(value, path);
  return {
    frequency: of.get('channel_frequency', whole),
    bandwidth: of.get('bandwidth', whole),
    maxEirp: of.get('max_eirp', int32),
    spreading: of.get('spreading', listOf(spreading)),
  };
};

const spreading: Read<BeaconPlan['spreading'][number]> = (value, path) => {
  const of = object(value, path);
  return {
    factor: of.either(['region_spreading', 'SF', 'sf'], spreadingFactor),
    maxPacketSize: of.get('max_packet_size', whole),
  };
};

/** `SF12`, 12, or the wire's number of it: SF7 is 1, SF12 is 6. */
const spreadingFactor: Read<number> = (value, path) => {
  const named = typeof value === 'string' ? /^SF([0-9]{1,2})$/.exec(value)?.[1] : undefined;
  const number = named === undefined ? integer(1, 12)(value, path) : integer(7, 12)(Number(named), path);
  return number <= 6 ? number + 6 : number;
};
