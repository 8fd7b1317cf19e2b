import { createHash } from 'node:crypto';
import { cellToLatLng, cellToParent, greatCircleDistance, gridDistance } from 'h3-js';
import { keyBytes, keyFromText } from '#protocol/wire/key';
import { outOf } from '../support/ask.ts';
import type { BeaconLine, Clocks, Place, WitnessLine } from './poc-lines.ts';

/*
 * poc.md 3 and 4 read once more, straight down the page and in floating point, for lines with every field: what the command
 * answers is compared with it. Only payloads come from the command itself, where vectors hold them.
 */

export interface ReferenceInput {
  readonly beacon: BeaconLine;
  readonly witnesses: readonly WitnessLine[];
  readonly hotspots: Readonly<Record<string, Required<Place>>>;
  readonly entropy: { readonly data: string; readonly timestamp_s: number; readonly version: number } | null;
  readonly epoch: number;
  readonly state: Required<Clocks>;
  readonly deny: { readonly keys: readonly string[]; readonly edges: readonly (readonly string[])[] };
  readonly interval: number;
  readonly maxWitnesses: number;
  readonly selectedWitnesses: number;
  readonly pairs: string;
}

interface Row {
  readonly line: WitnessLine;
  attached: boolean;
  reason: string | null;
  side: string | null;
  selected: boolean;
}

const HOURS_48 = 48 * 60 * 60 * 1000;
const MAX_EIRP: Readonly<Record<string, number>> = { EU868: 161, US915: 360 };

/** Lines like those of `summary`, units' number of witnesses, and the state after. */
export function referenceJudge(of: ReferenceInput) {
  const { beacon, hotspots, deny } = of;
  const state = structuredClone(of.state) as Record<keyof Clocks, Record<string, number>>;
  const rows: Row[] = of.witnesses
    .map((line): Row => ({ line, attached: false, reason: null, side: null, selected: false }))
    .sort((a, b) => a.line.received_ms - b.line.received_ms);

  // "Attached".
  for (const row of rows) {
    const after = row.line.received_ms - beacon.received_ms;
    if (row.line.data !== beacon.data) set(row, 'stale', 'witness');
    else if (hotspots[row.line.key] === undefined) set(row, 'gateway_not_found', 'witness');
    else if (after < -180_000 || after > 10_000) set(row, 'too_late', 'witness');
    else row.attached = true;
  }
  const attached = rows.filter((row) => row.attached);
  const withOther = attached.some(({ line }) => line.key !== beacon.key);
  const finish = (reason: string | null) => {
    if (reason !== null) for (const row of attached) set(row, reason, 'beaconer');
    return {
      summary: [
        reason ?? 'valid',
        ...rows.map((row) =>
          row.reason === null
            ? row.selected
              ? 'selected'
              : 'unselected'
            : `${row.reason} ${String(row.side)}`,
        ),
      ],
      selected: rows.filter((row) => row.selected).length,
      state,
    };
  };
  const move = (clock: keyof Clocks, key: string, to: number) => {
    state[clock][key] = Math.max(state[clock][key] ?? to, to);
  };

  // Beacon checks 1 to 5.
  const own = hotspots[beacon.key];
  const entropy = of.entropy?.data === beacon.remote ? of.entropy : null;
  let reason: string | null = null;
  if (own === undefined) reason = 'gateway_not_found';
  else if (own.cell === null || own.region === null) reason = 'not_asserted';
  else if (deny.keys.includes(beacon.key)) reason = 'denied';
  else if (own.status !== 'active') reason = 'quarantined';
  else if (entropy === null) reason = 'stale';
  else if (!inEntropy(beacon.received_ms, entropy.timestamp_s)) reason = 'entropy_expired';
  else if (!own.full) reason = 'invalid_capability';
  if (reason !== null || own === undefined || own.region === null || entropy === null) return finish(reason);

  // 6 and 7, and the clocks that they move.
  const bucket = (ms: number) => Math.floor(ms / (of.interval * 1000));
  const last = of.state.last_beacon[beacon.key];
  const regular = last === undefined || bucket(beacon.received_ms) > bucket(last);
  const rebuilt = isRebuilt(beacon, own, entropy);
  if (rebuilt) move('last_beacon', beacon.key, beacon.received_ms);
  if (!regular) return finish('irregular_interval');
  if (!rebuilt) return finish('invalid_packet');
  if (withOther) move('last_beacon_recip', beacon.key, beacon.received_ms);

  // Witness checks 0 to 14.
  const [first] = attached;
  const beaconFirst = first === undefined || beacon.received_ms <= first.line.received_ms;
  const judged = new Set<string>();
  for (const [order, row] of attached.entries()) {
    const { line } = row;
    const place = hotspots[line.key];
    if (place === undefined) throw new Error('not attached');
    const objection = (): string | null => {
      if (order >= of.maxWitnesses) return 'over_limit';
      if (judged.has(line.key)) return 'duplicate';
      if (place.cell === null || place.region === null) return 'not_asserted';
      if (deny.keys.includes(line.key)) return 'denied';
      if (place.status !== 'active') return 'quarantined';
      if (
        deny.edges.some(
          ([a, b]) => (a === line.key && b === beacon.key) || (b === line.key && a === beacon.key),
        )
      )
        return 'denied_edge';
      if (line.key === beacon.key) return 'self_witness';
      if (!inEntropy(line.received_ms, entropy.timestamp_s)) return 'entropy_expired';
      if (beaconFirst && line.received_ms - beacon.received_ms > 4000) return 'too_late';
      if (!beaconFirst && line.received_ms - first.line.received_ms > 1500) return 'too_late';
      if (!place.full) return 'invalid_capability';
      if (Math.abs(Number(line.frequency) - Number(beacon.frequency)) > 100_000) return 'invalid_frequency';
      if (place.region !== own.region) return 'invalid_region';
      const metres = Math.round(greatCircleDistance(centre(own.cell), centre(place.cell), 'm'));
      if (Math.floor(metres / 1000) > 100) return 'max_distance_exceeded';
      if (!isFarEnough(own.cell, place.cell)) return 'below_min_distance';
      const conducted = Math.trunc(((MAX_EIRP[own.region] ?? 0) - own.gain) / 10);
      const power = Math.min(beacon.tx_power, conducted);
      const fspl = 20 * Math.log10((4 * Math.PI * metres * Number(line.frequency)) / 2.998e8);
      const bound = power + Math.trunc(own.gain / 10) - fspl + Math.trunc(place.gain / 10);
      return line.signal / 10 > bound ? 'bad_rssi' : null;
    };
    const found = objection();
    if (order < of.maxWitnesses) judged.add(line.key);
    if (found !== null) set(row, found, 'witness');
    else move('last_witness', line.key, line.received_ms);
  }

  // 15, then 8.
  if (of.epoch >= 2) {
    for (const row of attached) {
      if (row.reason !== null) continue;
      const heard = state.last_beacon_recip[row.line.key];
      if (heard === undefined || row.line.received_ms - heard >= HOURS_48)
        set(row, 'gateway_no_valid_beacons', 'witness');
    }
    const witnessed = state.last_witness[beacon.key];
    if (witnessed === undefined || beacon.received_ms - witnessed >= HOURS_48)
      return finish('gateway_no_valid_witnesses');
  }

  // Selection.
  const trusted = attached.filter(
    ({ reason: refused, line }) =>
      refused === null && (of.pairs === 'any' || own.tier !== 'open' || hotspots[line.key]?.tier !== 'open'),
  );
  trusted.sort((a, b) => (ticket(a.line) < ticket(b.line) ? -1 : 1));
  for (const row of trusted.slice(0, of.selectedWitnesses)) row.selected = true;
  return finish(null);
}

function set(row: Row, reason: string, side: string): void {
  row.reason = reason;
  row.side = side;
}

function inEntropy(received: number, start: number): boolean {
  const second = Math.floor(received / 1000);
  return start <= second && second <= start + 180;
}

function isRebuilt(
  beacon: BeaconLine,
  place: Required<Place>,
  entropy: { readonly timestamp_s: number; readonly version: number },
): boolean {
  try {
    const sent = outOf('beacon.payload', {
      region: place.region,
      gain: place.gain,
      remote: { data: beacon.remote, timestamp: entropy.timestamp_s, version: entropy.version },
      local: { data: beacon.local, timestamp: 0, version: 0 },
    });
    return (
      sent['data'] === beacon.data &&
      Number(sent['frequency']) === Number(beacon.frequency) &&
      sent['datarate'] === beacon.datarate
    );
  } catch {
    return false;
  }
}

function centre(cell: string | null): [number, number] {
  return cellToLatLng(BigInt(cell ?? 0).toString(16));
}

function isFarEnough(a: string | null, b: string | null): boolean {
  try {
    const parent = (cell: string | null) => cellToParent(BigInt(cell ?? 0).toString(16), 11);
    return gridDistance(parent(a), parent(b)) >= 8;
  } catch {
    return false;
  }
}

function ticket({ data, key }: WitnessLine): string {
  return createHash('sha256')
    .update(Buffer.from(data, 'hex'))
    .update(keyBytes(keyFromText(key)))
    .digest('hex');
}
