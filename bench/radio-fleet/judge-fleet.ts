import { createHash } from 'node:crypto';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { seenPoc, type SeenEpoch, type SeenPoc } from '#protocol/deny/classifiers/observed';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { ddbm, epochNumber, millis, type EpochNumber, type HotspotKey } from '#protocol/units';
import { advance } from '#protocol/verify/advance';
import { checkPoc } from '#protocol/verify/check-poc';
import type { EntropyFact, LoggedReport, PocGroup, Registry } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { emptyPocState } from '#protocol/verify/state';
import { dataRateNumber } from '#protocol/wire/data-rate';
import type { Entropy } from '#protocol/crypto/payload';
import { Draws } from './draws.ts';
import type { Hotspot } from './hotspot.ts';
import { openAir, transmit, type Beaconer, type Transmission } from './transmit.ts';

/** 2026-11-01 00:00:00 UTC. */
const FIRST_DAY_S = 1_793_491_200;
const DAY_S = 86_400;
const ORIGIN = 'fleet/log';
const EMPTY = new Uint8Array(0);

/** What a fleet's epochs leave behind: each beacon with its witnesses, judged by the rules. */
export interface JudgedFleet {
  readonly policy: Policy;
  readonly epochs: readonly SeenEpoch[];
  readonly receptions: number;
}

/** Lets a fleet beacon by the default policy for some days and judges all of it, signatures apart. */
export function judgeFleet(of: {
  readonly fleet: readonly Hotspot[];
  readonly seed: number;
  readonly days: number;
}): JudgedFleet {
  const { fleet, seed } = of;
  const air = openAir(fleet, seed);
  const draws = new Draws(seed, 2);
  return judgeBeacons({ ...of, transmit: (beaconer, remote) => transmit({ air, beaconer, remote, draws }) });
}

/** The same for hotspots of any kind and any air. */
export function judgeBeacons<Member extends Beaconer>(of: {
  readonly fleet: readonly Member[];
  readonly days: number;
  readonly transmit: (beaconer: Member, remote: Entropy) => Transmission;
}): JudgedFleet {
  const policy = DEFAULT_POLICY;
  const registry: Registry = new Map(of.fleet.map(({ facts }) => [facts.key, facts]));
  const state = emptyPocState();
  const log = new FleetLog();
  const intervalMs = policy.beacon_interval_s * 1000;
  const inOrder = [...of.fleet].sort((a, b) => a.phase - b.phase);
  let receptions = 0;
  const judge = (group: PocGroup, epoch: EpochNumber): readonly SeenPoc[] => {
    const { entropies } = log;
    const deny = NOBODY_DENIED;
    const checked = checkPoc({ group, registry, policy, deny, epoch, entropies, verify: () => true });
    const seen = seenPoc(advance({ state, checked, policy, epoch }), { epoch, registry });
    receptions += seen?.witnesses.length ?? 0;
    return seen === null ? [] : [seen];
  };
  const epochs = Array.from({ length: of.days }, (_, day): SeenEpoch => {
    const epoch = epochNumber(BigInt(day));
    const start = (FIRST_DAY_S + day * DAY_S) * 1000;
    const intervals = Array.from({ length: (DAY_S * 1000) / intervalMs }, (_, at) => start + at * intervalMs);
    const pocs = intervals.flatMap((begin) => {
      const groups = inOrder.map((beaconer): PocGroup => {
        const at = begin + beaconer.phase;
        const remote = log.entropyAt(at);
        return log.group(of.transmit(beaconer, remote), { at, remote: remote.data });
      });
      groups.sort((a, b) => comparePositions(beaconOf(a).position, beaconOf(b).position));
      return groups.flatMap((group) => judge(group, epoch));
    });
    return { epoch, registry, pocs };
  });
  return { policy, epochs, receptions };
}

/** Numbers what one log receives, and hands out an entropy a minute. */
class FleetLog {
  readonly entropies = new Map<string, EntropyFact>();
  #next = 0;

  entropyAt(at: number): Entropy {
    const timestamp = Math.floor(at / 60_000) * 60;
    const data = createHash('sha256').update(`entropy ${timestamp}`).digest();
    const text = data.toString('hex');
    const fact: EntropyFact = { data: text, timestamp, version: 0, receivedAt: millis(timestamp * 1000) };
    if (!this.entropies.has(text)) this.entropies.set(text, fact);
    return { data: Uint8Array.from(data), timestamp, version: 0 };
  }

  /** All reports of a frame that begins at a time, in order. */
  group(sent: Transmission, of: { readonly at: number; readonly remote: Uint8Array }): PocGroup {
    const { beaconer, local, derived, beaconAfter, heard } = sent;
    const { data, channel, frequency, txPower } = derived;
    const signed = (key: HotspotKey) => ({
      key,
      data,
      frequency,
      datarate: dataRateNumber(derived.datarate),
      timestamp: 0n,
      tmst: 0,
      signature: EMPTY,
      bytes: EMPTY,
    });
    const beacon: LoggedReport = this.#logged(of.at + beaconAfter, {
      ...signed(beaconer.facts.key),
      kind: 'beacon',
      localEntropy: local,
      remoteEntropy: of.remote,
      channel,
      txPower,
    });
    const witnesses = heard.map(({ by, after, signal }) =>
      this.#logged(of.at + after, {
        ...signed(by.facts.key),
        kind: 'witness',
        signal: ddbm(signal),
        snr: 0,
      }),
    );
    const reports = [beacon, ...witnesses].sort((a, b) => comparePositions(a.position, b.position));
    const payload = Buffer.from(data).toString('hex');
    return { kind: 'poc', payload, beacon: reports.indexOf(beacon), reports };
  }

  #logged(at: number, report: Unsigned<LoggedReport['report']>): LoggedReport {
    const index = this.#next;
    this.#next += 1;
    // Signed bytes need only be other ones for every report.
    const signedBytes = Buffer.from(String(index));
    const position = { receivedAt: millis(Math.round(at)), origin: ORIGIN, index };
    return { position, report: { ...report, signedBytes }, signer: report.key };
  }
}

type Unsigned<Report> = Report extends unknown ? Omit<Report, 'signedBytes'> : never;

function beaconOf(group: PocGroup): LoggedReport {
  const beacon = group.reports[group.beacon ?? -1];
  if (beacon === undefined) throw new RangeError(`payload ${group.payload} has no beacon`);
  return beacon;
}
