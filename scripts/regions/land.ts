import type { Place } from '#protocol/geo/cell';
import type { Claim, Shape } from './shapes.ts';

/** Rows of edges per degree of latitude. */
const ROWS = 64;

/**
 * The claim of the country that a place in nanodegrees lies in, by counting the outlines that a ray to the east crosses; null
 * at sea.
 */
export function landOf(shapes: readonly Shape[]): (place: Place) => Claim | null {
  const rows = edgeRows(shapes);
  const odd = new Set<number>();
  return (place) => {
    const [latitude, longitude] = [place.latitude / 1e9, place.longitude / 1e9];
    odd.clear();
    const row = rows[rowOf(latitude)] ?? [];
    for (let at = 0; at < row.length; at += NUMBERS) {
      const [y1 = 0, y2 = 0] = [row[at], row[at + 1]];
      if (y1 > latitude === y2 > latitude) continue;
      const [x1 = 0, x2 = 0, shape = 0] = [row[at + 2], row[at + 3], row[at + 4]];
      const east = x1 + ((latitude - y1) * (x2 - x1)) / (y2 - y1) - longitude;
      if (east > 0 && !odd.delete(shape)) odd.add(shape);
    }
    const [inside, ...more] = [...odd].map((shape) => shapes[shape]?.claim);
    if (more.some((other) => other !== inside))
      throw new Error(`countries overlap at ${latitude}, ${longitude}`);
    return inside ?? null;
  };
}

/** Numbers of an edge in its rows: latitude and latitude, longitude and longitude of its ends, index of its shape. */
const NUMBERS = 5;

/** Edges by the rows of latitude that they reach into, as plain numbers because millions of them are looked at. */
function edgeRows(shapes: readonly Shape[]): readonly Float64Array[] {
  const rows: number[][] = Array.from({ length: 180 * ROWS + 1 }, () => []);
  for (const [shape, { rings }] of shapes.entries())
    for (const ring of rings) {
      let [x1, y1] = ring[0] ?? [0, 0];
      for (const [x2, y2] of ring) {
        if (y1 !== y2)
          for (let row = rowOf(Math.min(y1, y2)); row <= rowOf(Math.max(y1, y2)); row += 1)
            rows[row]?.push(y1, y2, x1, x2, shape);
        [x1, y1] = [x2, y2];
      }
    }
  return rows.map((row) => Float64Array.from(row));
}

function rowOf(latitude: number): number {
  return Math.floor((latitude + 90) * ROWS);
}
