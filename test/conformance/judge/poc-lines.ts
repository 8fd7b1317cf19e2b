import { latLngToCell } from 'h3-js';
import { hex } from '@scure/base';
import { keyText, parseKey } from '#protocol/wire/key';
import { outOf, type Input, type Value } from '../support/ask.ts';

/** 2026-11-01 00:00:00 UTC, the boundary of every interval. */
export const NOON = 1_793_491_200_000;
const REMOTE = 'ab'.repeat(32);

export interface WitnessLine {
  readonly key: string;
  readonly received_ms: number;
  readonly data: string;
  readonly frequency: Value;
  readonly datarate: string;
  readonly signal: number;
  readonly snr: number;
}

export interface BeaconLine {
  readonly key: string;
  readonly received_ms: number;
  readonly remote: string;
  readonly local: string;
  readonly data: string;
  readonly frequency: Value;
  readonly datarate: string;
  readonly tx_power: number;
}

export interface Place {
  readonly cell: string | null;
  readonly region?: string | null;
  readonly gain: number;
  readonly full?: boolean;
  readonly tier?: string;
  readonly status?: string;
}

export interface Judged {
  readonly beacon: { readonly valid: boolean; readonly reason: string | null; readonly numbers: object };
  readonly witnesses: readonly {
    readonly key: string;
    readonly valid: boolean;
    readonly selected: boolean;
    readonly reason: string | null;
    readonly side: string | null;
    readonly note: string | null;
    readonly numbers: Readonly<Record<string, unknown>>;
  }[];
  readonly units: { readonly beacon: string; readonly witness: string };
  readonly state: Clocks;
}

export interface Clocks {
  readonly last_beacon?: Readonly<Record<string, number>>;
  readonly last_beacon_recip?: Readonly<Record<string, number>>;
  readonly last_witness?: Readonly<Record<string, number>>;
}

/** An ed25519 key's text, different for every number. */
export function keyNumber(number: number): string {
  return keyText(parseKey(hex.decode(`01${number.toString(16).padStart(8, '0')}${'5a'.repeat(28)}`)));
}

/** The cell of resolution 12, so many metres east of a place near Berlin. */
export function cellEast(metres: number): string {
  return BigInt(`0x${latLngToCell(52.5, 13 + metres / 67_692, 12)}`).toString();
}

/** A full, endorsed, active hotspot in EU868. */
export function placeEast(metres: number, of: Partial<Place> = {}): Place {
  return { cell: cellEast(metres), region: 'EU868', gain: 12, full: true, ...of };
}

/** What a hotspot must send for the entropy of a second, by default noon's, one second later. */
export function beaconLine(
  key: string,
  of: Partial<BeaconLine> & { readonly gain?: number; readonly entropy_s?: number } = {},
): BeaconLine {
  const { gain = 12, entropy_s = NOON / 1000, ...fields } = of;
  const local = of.local ?? '01020304';
  const derived = outOf('beacon.payload', {
    region: 'EU868',
    gain,
    remote: { data: REMOTE, timestamp: entropy_s, version: 0 },
    local: { data: local, timestamp: 0, version: 0 },
  });
  return {
    key,
    received_ms: entropy_s * 1000 + 1000,
    remote: REMOTE,
    local,
    data: String(derived['data']),
    frequency: String(derived['frequency']),
    datarate: String(derived['datarate']),
    tx_power: Number(derived['tx_power']),
    ...fields,
  };
}

/** What a witness of a beacon sends two seconds later, far below the bound. */
export function witnessLine(key: string, beacon: BeaconLine, of: Partial<WitnessLine> = {}): WitnessLine {
  const { data, frequency, datarate, received_ms } = beacon;
  return { key, received_ms: received_ms + 2000, data, frequency, datarate, signal: -1200, snr: 50, ...of };
}

export interface PocInput {
  readonly beacon: BeaconLine;
  readonly witnesses: readonly WitnessLine[];
  readonly hotspots: Readonly<Record<string, Place>>;
  readonly entropy?: Value;
  readonly state?: Clocks;
  readonly epoch?: Value;
  readonly policy?: Input;
  readonly deny?: { readonly keys?: readonly string[]; readonly edges?: readonly (readonly string[])[] };
}

/** The entropy of noon. */
export const ENTROPY = { data: REMOTE, timestamp_s: NOON / 1000, version: 0 };

/** Fields of a line that stand for an undisturbed network: everybody was heard and was a valid witness an hour ago. */
function pocInput(of: PocInput): Input {
  const hourAgo = Object.fromEntries(Object.keys(of.hotspots).map((key) => [key, NOON - 3_600_000]));
  const state = { last_beacon_recip: hourAgo, last_witness: hourAgo };
  return JSON.parse(JSON.stringify({ entropy: ENTROPY, state, ...of })) as Input;
}

/** Judges a line and gives its answer. */
export function judge(of: PocInput): Judged {
  return outOf('poc.judge', pocInput(of)) as unknown as Judged;
}

/** Reasons in order of reception: the beacon's, then each witness's with `selected` or a note where there is none. */
export function summary(judged: Judged): readonly string[] {
  return [
    judged.beacon.reason ?? 'valid',
    ...judged.witnesses.map(({ reason, side, selected, note }) =>
      reason === null ? (selected ? 'selected' : String(note)) : `${reason} ${String(side)}`,
    ),
  ];
}
