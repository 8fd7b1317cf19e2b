import { randomBytes } from 'node:crypto';
import { deriveBeacon, type Entropy } from '#protocol/crypto/payload';
import { dataRateNumber } from '#protocol/wire/data-rate';
import { encodeBeacon, encodeWitness } from '#protocol/wire/encode';
import type { Hotspot } from './fleet.ts';
import type { SignedReport } from './ingest-client.ts';
import type { Frame, Reception } from './radio.ts';

type Sign = (message: Uint8Array) => Uint8Array;

/** A true beacon of the hotspot for an entropy: what goes on air and the report of it. */
export function makeBeacon(options: {
  readonly hotspot: Hotspot;
  readonly remote: Entropy;
  readonly now: number;
  readonly sign: Sign;
}): { readonly frame: Frame; readonly report: SignedReport } {
  const { hotspot, remote, now, sign } = options;
  const local = { data: randomBytes(4), timestamp: 0, version: 0 };
  const derived = deriveBeacon({ remote, local, region: hotspot.region, gain: hotspot.gain });
  const frame = { ...derived, frequency: Number(derived.frequency) };
  const report = reportBeacon({ hotspot, frame, now, sign, local: local.data, remote: remote.data });
  return { frame, report };
}

/** A beacon report of any frame, whoever derived it. */
export function reportBeacon(options: {
  readonly hotspot: Hotspot;
  readonly frame: Frame & { readonly channel?: number };
  readonly local: Uint8Array;
  readonly remote: Uint8Array;
  readonly now: number;
  readonly sign: Sign;
}): SignedReport {
  const { hotspot, frame, local, remote, now, sign } = options;
  const fields = {
    ...commonFields({ hotspot, frame, now }),
    localEntropy: local,
    remoteEntropy: remote,
    channel: frame.channel ?? 0,
    txPower: frame.txPower,
  };
  return { kind: 'beacon', bytes: encodeBeacon({ ...fields, signature: sign(encodeBeacon(fields)) }) };
}

export function makeWitness(options: {
  readonly hotspot: Hotspot;
  readonly frame: Frame;
  readonly reception: Reception;
  readonly now: number;
  readonly sign: Sign;
}): SignedReport {
  const { hotspot, frame, reception, now, sign } = options;
  const fields = { ...commonFields({ hotspot, frame, now }), ...reception };
  return { kind: 'witness', bytes: encodeWitness({ ...fields, signature: sign(encodeWitness(fields)) }) };
}

function commonFields(options: {
  readonly hotspot: Hotspot;
  readonly frame: Frame;
  readonly now: number;
}): Pick<
  Parameters<typeof encodeWitness>[0],
  'key' | 'data' | 'frequency' | 'datarate' | 'timestamp' | 'tmst'
> {
  const { hotspot, frame, now } = options;
  return {
    key: hotspot.key,
    data: frame.data,
    frequency: BigInt(frame.frequency),
    datarate: dataRateNumber(frame.datarate),
    timestamp: BigInt(now) * 1_000_000n,
    // The concentrator's counter of microseconds wraps at 32 bits.
    tmst: (now * 1000) % 2 ** 32,
  };
}
