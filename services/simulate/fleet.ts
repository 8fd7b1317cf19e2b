import { latLngToCell } from 'h3-js';
import { parseCell } from '#protocol/geo/cell';
import { regionOf, type Region } from '#protocol/geo/regions';
import type { Cell } from '#protocol/units';
import { identityOf, type Identity } from './hotspot/identity.ts';
import { SITES, type Site } from './demo/sites.ts';
import type { Coordinates } from './medium/place.ts';

/** A simulated hotspot: where and what it is, and its keys. */
export interface Hotspot extends Site, Identity {
  readonly cell: Cell;
  /** Of the asserted cell: the region that it is told to use. */
  readonly region: Region;
}

/** All hotspots of the simulation with keys that follow from the secret. */
export function openFleet(secret: Uint8Array): readonly Hotspot[] {
  return SITES.map((site) => {
    const cell = cellAt(site.asserted);
    const region = regionOf(cell);
    if (region === null) throw new RangeError(`${site.name} lies in no region of the table`);
    return { ...site, ...identityOf({ secret, label: site.name, curve: site.curve }), cell, region };
  });
}

/** The cell of resolution 12 that holds a place. */
export function cellAt({ latitude, longitude }: Coordinates): Cell {
  return parseCell(BigInt(`0x${latLngToCell(latitude, longitude, 12)}`));
}
