import { cellParent } from '#protocol/geo/cell';
import { DEFAULT_POLICY } from '#protocol/policy';
import { densityScales } from '#protocol/reward/density';
import { rewardEpoch, type HotspotShares } from '#protocol/reward/pools';
import { hotspotLeafKey, leafEntry, type Leaf } from '#protocol/settle/leaf';
import { settlementTree } from '#protocol/settle/tree';
import { amount, type Address, type HotspotKey } from '#protocol/units';
import { parseKey } from '#protocol/wire/key';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import { fleetCells, sequence } from './fleet.ts';

/** Prints one figure of a million hotspots as JSON; a process of its own, for its memory is part of the figure. */
const HOTSPOTS = 1_000_000;
const NETWORK = '11111111111111111111111111111112' as Address;

function density(where: 'cities' | 'globe') {
  const cells = fleetCells(HOTSPOTS, where);
  const [milliseconds] = timed(() => densityScales(cells, DEFAULT_POLICY.density));
  const [limit] = timed(() => {
    BigUint64Array.from(cells).sort();
    for (const cell of cells)
      for (let resolution = 11; resolution >= 4; resolution -= 1) cellParent(cell, resolution);
  });
  return { milliseconds, limit };
}

/** Rewards of hotspots in no order, and the tree over what they earned. */
function settle() {
  const next = sequence(3);
  const shares = Array.from({ length: HOTSPOTS }, (_, at): HotspotShares<HotspotKey> => ({
    key: parseKey(Uint8Array.from({ length: 33 }, (__, byte) => (byte === 0 ? 1 : next() * 256))),
    beacon: BigInt(Math.floor(next() * 1e6)) * 10_000n,
    witness: BigInt(Math.floor(next() * 1e6)) * 30_000n,
    credits: 3n,
    open: at % 5 === 0,
  }));
  const emission = amount(618_340_943_683n);
  const [rewards, { amounts }] = timed(() =>
    rewardEpoch({ emission, policy: DEFAULT_POLICY, shares, voters: 3 }),
  );
  const leaves = amounts.map(({ key, beacon, witness, data }): Leaf => {
    return { key: hotspotLeafKey(key), cumulative: amount(beacon + witness + data) };
  });
  const [tree] = timed(() => settlementTree({ network: NETWORK, leaves, hashes: nativeHashes }));
  const entry = leafEntry({
    network: NETWORK,
    leaf: { key: hotspotLeafKey(shares[0]?.key ?? ('' as HotspotKey)), cumulative: emission },
  });
  const [limit] = timed(() => {
    const hash = nativeHashes.leaf(entry);
    for (let leaf = 1; leaf < HOTSPOTS; leaf += 1) {
      nativeHashes.leaf(entry);
      nativeHashes.node(hash, hash);
    }
  });
  return { rewards, tree, limit };
}

function timed<Result>(work: () => Result): [number, Result] {
  const began = performance.now();
  const result = work();
  return [performance.now() - began, result];
}

const [what, where] = process.argv.slice(2);
const figure = what === 'density' ? density(where === 'cities' ? 'cities' : 'globe') : settle();
console.log(JSON.stringify({ ...figure, megabytes: process.resourceUsage().maxRSS / 1024 }));
