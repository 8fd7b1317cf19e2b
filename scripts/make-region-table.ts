import { writeFileSync } from 'node:fs';
import { regionCells } from './regions/region-cells.ts';

/**
 * Writes protocol/geo/region-cells.ts: the region of every H3 cell, from Natural Earth's countries at 1:10 million
 * (world-atlas, public domain) and the plan of each country (regions/countries.ts).
 *
 * What holds at a place. In a country, the country's plan. At sea, that of the nearest shore if it is not too far, which
 * takes in all of the territorial sea (regions/waters.ts); of equally near ones that of the lowest region's number. So
 * piers, shoals and most islets that the map lacks have their country's plan; regions/islets.ts has those that would not.
 * Countries without a plan keep their land and their waters from the plans of others. Everything else is in no region: the
 * high seas, Antarctica, and what countries.ts and shapes.ts say of areas whose claimants' plans differ.
 *
 * What a cell has. All of a cell of the table has what holds at its centre. Where another region, or a country without one,
 * begins, cells are of resolution 7 (5 square kilometres), at the outer end of waters of resolution 5, elsewhere as coarse
 * as they can be: seven children that agree are one cell. So borders are as exact as the map, which is good to a kilometre
 * or two, and a cell as wide as that.
 *
 * The same on every machine. Centres, sines and cosines are the protocol's own, and all that is decided by them takes only
 * sums, products, quotients and roots. H3 itself is asked which cells hold the vertices of outlines, and none of these lies
 * within a tenth of a millimetre of a cell's edge.
 */
const source = regionCells();
writeFileSync(new URL('../protocol/geo/region-cells.ts', import.meta.url), source);
console.log(`protocol/geo/region-cells.ts: ${source.length} bytes`);
