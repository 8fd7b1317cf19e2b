import { deriveBeacon, type Entropy } from '#protocol/crypto/payload';
import { toHex } from '#protocol/wire/hex';
import { object, type Fields } from '../input/fields.ts';
import type { Op } from '../op.ts';
import { channelPlan, regionNamed } from '../input/plan.ts';
import { bytes, count, int32, size } from '../input/values.ts';

/** What a hotspot sends for its entropies, plan and gain (poc.md 2). */
export const payload: Op = (input) => {
  const plan = input.optional('params', channelPlan, null) ?? input.get('region', regionNamed);
  const beacon = deriveBeacon({
    remote: entropy(input.get('remote', object)),
    local: entropy(input.get('local', object)),
    region: plan,
    gain: input.get('gain', int32),
  });
  return {
    data: toHex(beacon.data),
    channel: beacon.channel,
    frequency: String(beacon.frequency),
    datarate: beacon.datarate,
    tx_power: beacon.txPower,
  };
};

function entropy(of: Fields): Entropy {
  return {
    data: of.get('data', bytes),
    timestamp: of.get('timestamp', size(0, Number.MAX_SAFE_INTEGER)),
    version: of.get('version', count),
  };
}
