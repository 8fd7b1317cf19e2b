import { cellCentre } from '#protocol/geo/cell';
import type { Region } from '#protocol/geo/regions';
import type { HotspotKey } from '#protocol/units';
import type { HotspotFacts } from '#protocol/verify/poc';
import { assertedRegion } from '#protocol/verify/rules/participant';
import { object, type Fields } from '../input/fields.ts';
import { regionNamed } from '../input/plan.ts';
import { TIERS } from '../input/policy.ts';
import { malformed } from '../refusal.ts';
import { cellOf, int32, keyName, oneOf, truth } from '../input/values.ts';

/** What holds for the keys of a line. */
export interface Hotspots {
  readonly registry: ReadonlyMap<HotspotKey, HotspotFacts>;
  /** The region that the line gives, or the one of the cell. */
  readonly regionOf: (facts: HotspotFacts) => Region | null;
}

/** Registered for ever; a key in two forms is refused. */
export function hotspotsOf(fields: Fields): Hotspots {
  const registry = new Map<HotspotKey, HotspotFacts>();
  const given = new Map<HotspotKey, Region | null>();
  fields.entries((name, value, path) => {
    const of = object(value, path);
    const hotspot = keyName(name, path);
    if (registry.has(hotspot)) throw malformed(path, 'each hotspot once', name);
    registry.set(hotspot, factsOf(hotspot, of));
    if (of.has('region')) given.set(hotspot, of.optional('region', regionNamed, null));
  });
  return {
    registry,
    regionOf: (facts) => {
      const region = given.get(facts.key);
      return region === undefined ? assertedRegion(facts) : region;
    },
  };
}

function factsOf(hotspot: HotspotKey, of: Fields): HotspotFacts {
  const cell = of.get('cell', (value, path) => (value === null ? null : cellOf(11)(value, path)));
  return {
    key: hotspot,
    mode: of.get('full', truth) ? 'full' : 'data_only',
    status: of.optional('status', oneOf(['active', 'quarantined']), 'active'),
    tier: of.optional('tier', oneOf(TIERS), 'endorsed'),
    cell,
    ...(cell === null ? { latitude: 0, longitude: 0 } : cellCentre(cell)),
    gain: of.get('gain', int32),
    elevation: 0,
    registeredAt: 0,
  };
}
