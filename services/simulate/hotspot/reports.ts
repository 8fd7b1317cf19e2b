import type { DerivedBeacon } from '#protocol/crypto/payload';
import type { HotspotKey } from '#protocol/units';
import { dataRateNumber } from '#protocol/wire/data-rate';
import { encodeBeacon, encodeWitness, type BeaconFields, type WitnessFields } from '#protocol/wire/encode';
import type { Reception } from '#services/simulate/medium/radio';
import type { Sign } from './identity.ts';

export interface SignedReport {
  readonly kind: 'beacon' | 'witness';
  readonly bytes: Uint8Array;
}

/** A report that nobody has signed yet. */
export type Draft =
  | { readonly kind: 'beacon'; readonly fields: BeaconFields }
  | { readonly kind: 'witness'; readonly fields: WitnessFields };

/** What of a transmission stands in a report. */
export interface Told {
  /** Of the payload, without the frame's header. */
  readonly data: Uint8Array;
  /** Hz */
  readonly frequency: number;
  readonly datarate: string;
}

/** When a report is made, by the hotspot's clock (ns since 1970) and the concentrator's counter (us). */
export interface Stamp {
  readonly timestamp: bigint;
  readonly tmst: number;
}

export function signedReport(draft: Draft, sign: Sign): SignedReport {
  if (draft.kind === 'beacon') {
    const signature = sign(encodeBeacon(draft.fields));
    return { kind: 'beacon', bytes: encodeBeacon({ ...draft.fields, signature }) };
  }
  const signature = sign(encodeWitness(draft.fields));
  return { kind: 'witness', bytes: encodeWitness({ ...draft.fields, signature }) };
}

/** A beacon report of any transmission, whoever derived it. Fielded hotspots leave the channel at zero. */
export function beaconDraft(
  of: Stamp & {
    readonly key: HotspotKey;
    readonly told: Told & Pick<DerivedBeacon, 'txPower'>;
    readonly local: Uint8Array;
    readonly remote: Uint8Array;
  },
): Draft {
  const { told, local, remote } = of;
  const fields = { localEntropy: local, remoteEntropy: remote, channel: 0, txPower: told.txPower };
  return { kind: 'beacon', fields: { ...commonFields(of), ...fields } };
}

/** What a witness says of what it heard: whole dBm tenfold, and its SNR in tenths of a dB towards zero. */
export function witnessDraft(
  of: Stamp & { readonly key: HotspotKey; readonly told: Told; readonly reception: Reception },
): Draft {
  const { rssi, snr } = of.reception;
  const fields = { ...commonFields(of), signal: 10 * rssi, snr: Math.trunc(10 * snr) };
  return { kind: 'witness', fields };
}

function commonFields({
  key,
  told,
  timestamp,
  tmst,
}: Stamp & { readonly key: HotspotKey; readonly told: Told }) {
  const { data, datarate } = told;
  const frequency = BigInt(told.frequency);
  return { key, data, frequency, datarate: dataRateNumber(datarate), timestamp, tmst };
}
