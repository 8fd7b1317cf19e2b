import type { Policy } from '../../policy.ts';
import type { EpochNumber, HotspotKey } from '../../units.ts';
import type { HotspotFacts, PocVerdict, Position, Registry, ReportVerdict } from '../../verify/poc.ts';
import type { Reason } from '../../verify/reasons.ts';
import { addTo } from './grouped.ts';

/** A witness report that met its beacon: what was received, whether or not it is paid. */
export interface Reception {
  readonly epoch: EpochNumber;
  readonly key: HotspotKey;
  readonly position: Position;
  /** RSSI in tenths of a dBm; null where an earlier rule refused the report and its numbers do not say. */
  readonly signal: number | null;
  /** Tenths of a dB by which the signal is below what free space lets through; negative where it is above. */
  readonly margin: number | null;
}

/** A beacon whose payload is its hotspot's own, with who received it. */
export interface SeenPoc {
  readonly epoch: EpochNumber;
  readonly key: HotspotKey;
  readonly position: Position;
  readonly witnesses: readonly Reception[];
}

/** An epoch's PoCs in the order of judgement, with the facts that held in it. */
export interface SeenEpoch {
  readonly epoch: EpochNumber;
  readonly registry: Registry;
  readonly pocs: readonly SeenPoc[];
}

/** What classifiers read: everything since each hotspot last moved, by the latest facts. */
export interface Observed {
  readonly policy: Policy;
  readonly hotspots: Registry;
  readonly pocs: readonly SeenPoc[];
  /** Receptions by witness, then by beaconer, in order. */
  readonly heard: ReadonlyMap<HotspotKey, ReadonlyMap<HotspotKey, readonly Reception[]>>;
}

/** Beacons whose payload was rebuilt: the hotspot made it, and nobody else can have sent it first. */
const TRUE_BEACONS: readonly (Reason | null)[] = [null, 'gateway_no_valid_witnesses'];
/** Reports that say nothing new, or nothing about a path between two hotspots. */
const NO_RECEPTIONS: readonly (Reason | null)[] = ['duplicate', 'self_witness', 'denied', 'quarantined'];

/** What a verdict says about who received whom; null where the beacon is not its hotspot's own. */
export function seenPoc(
  verdict: PocVerdict,
  { epoch, registry }: { readonly epoch: EpochNumber; readonly registry: Registry },
): SeenPoc | null {
  const { beacon } = verdict;
  if (beacon === null || !TRUE_BEACONS.includes(beacon.reason)) return null;
  const witnesses = verdict.witnesses
    .filter(({ key, reason }) => registry.has(key) && !NO_RECEPTIONS.includes(reason))
    .map((witness): Reception => {
      const { key, position, numbers } = witness;
      const [signal, bound] = [whole(numbers['signal_ddbm']), whole(numbers['bound_ddbm'])];
      return {
        epoch,
        key,
        position,
        signal,
        margin: signal === null || bound === null ? null : bound - signal,
      };
    });
  return { epoch, key: beacon.key, position: beacon.position, witnesses };
}

/** Puts epochs together; reports from before a hotspot's place or antenna changed are left out. Epochs ascend. */
export function observe(of: { readonly policy: Policy; readonly epochs: readonly SeenEpoch[] }): Observed {
  const hotspots = of.epochs.at(-1)?.registry ?? new Map<HotspotKey, HotspotFacts>();
  const heard = new Map<HotspotKey, Map<HotspotKey, Reception[]>>();
  const pocs: SeenPoc[] = [];
  for (const { registry, pocs: seen } of of.epochs) {
    const stands = (key: HotspotKey): boolean => isSame(registry.get(key), hotspots.get(key));
    for (const poc of seen) {
      if (!stands(poc.key)) continue;
      const witnesses = poc.witnesses.filter(({ key }) => stands(key));
      pocs.push({ ...poc, witnesses });
      for (const reception of witnesses) remember(heard, { beaconer: poc.key, reception });
    }
  }
  return { policy: of.policy, hotspots, pocs, heard };
}

/** The facts of a hotspot that stands in the evidence. */
export function factsOf({ hotspots }: Pick<Observed, 'hotspots'>, key: HotspotKey): HotspotFacts {
  const facts = hotspots.get(key);
  if (facts === undefined) throw new RangeError(`the hotspot ${key} is not in the registry`);
  return facts;
}

function isSame(before: HotspotFacts | undefined, now: HotspotFacts | undefined): boolean {
  return before !== undefined && before.cell === now?.cell && before.gain === now.gain;
}

function remember(
  heard: Map<HotspotKey, Map<HotspotKey, Reception[]>>,
  { beaconer, reception }: { readonly beaconer: HotspotKey; readonly reception: Reception },
): void {
  let of = heard.get(reception.key);
  if (of === undefined) {
    of = new Map();
    heard.set(reception.key, of);
  }
  addTo(of, beaconer, reception);
}

function whole(value: ReportVerdict['numbers'][string] | undefined): number | null {
  return typeof value === 'number' ? value : null;
}
