import { deriveBeacon } from '#protocol/crypto/payload';
import { edgeOf, type DenyList } from '#protocol/deny/deny-list';
import { cellCentre } from '#protocol/geo/cell';
import { regionOf } from '#protocol/geo/regions';
import { DEFAULT_POLICY } from '#protocol/policy';
import { ddbm, epochNumber, millis, type HotspotKey } from '#protocol/units';
import type { CheckInput } from '#protocol/verify/check-poc';
import type { EntropyFact, HotspotFacts, LoggedReport, PocGroup, PocState } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { emptyPocState } from '#protocol/verify/state';
import { dataRateNumber } from '#protocol/wire/data-rate';
import { encodeBeacon, encodeWitness } from '#protocol/wire/encode';
import { toHex } from '#protocol/wire/hex';
import { parseKey } from '#protocol/wire/key';
import { openReport } from '#protocol/wire/report';
import { CITY_COUNT, fleetCells, sequence } from './fleet.ts';

const ORIGIN = 'bench/network/log';
const SIGNATURE = new Uint8Array(64);
/** 2026-11-01 00:00:00 UTC. */
const START_S = 1_793_491_200;
const HOUR_MS = 3_600_000;
/** So far apart are the beacons of 100,000 hotspots of which each sends one in 6 h. */
const BEACON_MS = 216;

/** Everything that judging takes. */
export interface RulesWorld extends Pick<CheckInput, 'registry' | 'policy' | 'deny' | 'epoch' | 'entropies'> {
  readonly state: PocState;
  readonly deny: DenyList;
  /** PoCs in order of judgement, their reports decoded. */
  pocs(size: { readonly pocs: number; readonly witnesses: number }): PocGroup[];
}

/**
 * A network in 36 cities in which a few of a hundred hotspots each are quarantined, denied, for data only, without a place,
 * or were not heard lately, and a third of all are open.
 */
export function rulesWorld(hotspots: number): RulesWorld {
  const next = sequence(7);
  const fleet = fleetCells(hotspots, 'cities').map((cell, at): HotspotFacts => ({
    key: keyNumber(at, next),
    mode: next() < 0.02 ? 'data_only' : 'full',
    status: next() < 0.01 ? 'quarantined' : 'active',
    tier: next() < 0.3 ? 'open' : 'endorsed',
    ...cellCentre(cell),
    cell: next() < 0.01 ? null : cell,
    gain: 10 + Math.floor(50 * next()),
    elevation: 10,
    registeredAt: START_S - 10_000_000,
  }));
  const entropies = new Map(Array.from({ length: 60 }, (_, minute) => entropyOf(minute)));
  const state: PocState = { ...emptyPocState(), entropies };
  const before = millis((START_S - 3600) * 1000);
  for (const { key } of fleet)
    if (next() < 0.98)
      state.clocks.set(key, {
        lastBeacon: millis(before - 8 * HOUR_MS),
        lastBeaconRecip: next() < 0.98 ? before : null,
        lastWitness: next() < 0.98 ? before : null,
      });
  return {
    registry: new Map(fleet.map((each) => [each.key, each])),
    policy: DEFAULT_POLICY,
    deny: denials(fleet, next),
    epoch: epochNumber(5n),
    entropies,
    state,
    pocs: ({ pocs, witnesses }) =>
      Array.from({ length: pocs }, (_, poc) => pocOf(fleet, { poc, witnesses, next })),
  };
}

/** One hotspot and one pair of a city of each hundred hotspots. */
function denials(fleet: readonly HotspotFacts[], next: () => number): DenyList {
  const entry = { from: 0, reason: 'bench' };
  const some = Array.from({ length: fleet.length / 100 }, () =>
    Math.floor(next() * (fleet.length - CITY_COUNT)),
  );
  const key = (at: number): HotspotKey => hotspotAt(fleet, at).key;
  return {
    keys: new Map(some.map((at) => [key(at), entry])),
    edges: new Map(some.map((at) => [edgeOf(key(at), key(at + CITY_COUNT)), entry])),
  };
}

/**
 * A beacon and reports of hotspots of its city; of a hundred reports two to four each are too loud, late, off the frequency,
 * from another city, or another one of the same hotspot; some come before the beacon.
 */
function pocOf(
  fleet: readonly HotspotFacts[],
  of: { readonly poc: number; readonly witnesses: number; readonly next: () => number },
): PocGroup {
  const { poc, witnesses, next } = of;
  const beaconer = (poc * 7919) % fleet.length;
  const at = START_S * 1000 + 1000 + poc * BEACON_MS;
  const beacon = beaconReport(hotspotAt(fleet, beaconer), { at, poc });
  const reports = [beacon];
  const perCity = Math.floor(fleet.length / CITY_COUNT);
  while (reports.length <= witnesses) {
    const city = (beaconer + (next() < 0.03 ? 1 : 0)) % CITY_COUNT;
    const by = hotspotAt(fleet, city + CITY_COUNT * Math.floor(next() * perCity));
    const key = next() < 0.02 ? (reports.at(-1)?.report.key ?? by.key) : by.key;
    const lag = next() < 0.03 ? 5000 : next() < 0.01 ? -1 : 100 + 20 * reports.length;
    const position = { receivedAt: millis(at + lag), origin: ORIGIN, index: poc * 1000 + reports.length };
    reports.push({ position, report: witnessReport(key, beacon, next), signer: key });
  }
  reports.sort((a, b) => comparePositions(a.position, b.position));
  return { kind: 'poc', payload: toHex(beacon.report.data), beacon: reports.indexOf(beacon), reports };
}

function beaconReport(
  from: HotspotFacts,
  { at, poc }: { readonly at: number; readonly poc: number },
): LoggedReport {
  const minute = Math.floor((at / 1000 - START_S) / 60);
  const localEntropy = Uint8Array.of(poc, poc >> 8, poc >> 16, 1);
  const derived = deriveBeacon({
    remote: { data: remoteOf(minute), timestamp: START_S + 60 * minute, version: 0 },
    local: { data: localEntropy, timestamp: 0, version: 0 },
    region: (from.cell === null ? null : regionOf(from.cell)) ?? 'EU868',
    gain: from.gain,
  });
  const bytes = encodeBeacon({
    key: from.key,
    localEntropy,
    remoteEntropy: remoteOf(minute),
    data: derived.data,
    frequency: derived.frequency,
    channel: 0,
    datarate: dataRateNumber(derived.datarate),
    txPower: derived.txPower,
    timestamp: BigInt(at) * 1_000_000n,
    tmst: at >>> 0,
    signature: SIGNATURE,
  });
  return {
    position: { receivedAt: millis(at), origin: ORIGIN, index: poc * 1000 },
    report: openReport('beacon', bytes),
    signer: from.key,
  };
}

function witnessReport(
  key: HotspotKey,
  { report, position }: LoggedReport,
  next: () => number,
): LoggedReport['report'] {
  const bytes = encodeWitness({
    key,
    data: report.data,
    timestamp: BigInt(position.receivedAt) * 1_000_000n,
    tmst: Math.floor(next() * 2 ** 32),
    signal: ddbm(next() < 0.04 ? -400 : -1050 - Math.floor(250 * next())),
    snr: Math.floor(100 * next()),
    frequency: report.frequency + (next() < 0.02 ? 200_000n : 0n),
    datarate: report.datarate,
    signature: SIGNATURE,
  });
  return openReport('witness', bytes);
}

function remoteOf(minute: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => at + 1 + minute);
}

function entropyOf(minute: number): [string, EntropyFact] {
  const data = toHex(remoteOf(minute));
  const timestamp = START_S + 60 * minute;
  return [data, { data, timestamp, version: 0, receivedAt: millis(timestamp * 1000) }];
}

function keyNumber(number: number, next: () => number): HotspotKey {
  const body = Array.from({ length: 28 }, () => Math.floor(next() * 256));
  return parseKey(Uint8Array.of(1, number >> 24, number >> 16, number >> 8, number, ...body));
}

function hotspotAt(fleet: readonly HotspotFacts[], at: number): HotspotFacts {
  const found = fleet[at];
  if (found === undefined) throw new RangeError(`no hotspot ${at}`);
  return found;
}
