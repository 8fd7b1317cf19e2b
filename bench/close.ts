import { pathToFileURL } from 'node:url';
import { latLngToCell } from 'h3-js';
import { computeEpoch, type EpochInput } from '#protocol/epoch';
import { cellCentre, parseCell } from '#protocol/geo/cell';
import { resultFiles } from '#protocol/settle/folder';
import { hotspotLeafKey } from '#protocol/settle/leaf';
import { emptyState, stateBytes, stateHash, type EpochState } from '#protocol/settle/state';
import { openTuple, tupleBytes } from '#protocol/settle/tuple';
import { amount, epochNumber, millis, type HotspotKey } from '#protocol/units';
import type { Clocks, HotspotFacts } from '#protocol/verify/poc';
import { nativeHashes, nativeSha256Hex } from '#services/runtime/evidence/native-hash';
import { computed, testHotspot, TestWorld } from '../test/protocol/epoch/world.ts';

export interface CloseFigure {
  readonly hotspots: number;
  /** Seconds of computing and of writing what follows, and of hashing as many leaves and nodes as its tree has. */
  readonly seconds: number;
  readonly hashing: number;
  /** MiB of all files that follow, and resident at most with the inputs. */
  readonly files: number;
  readonly memory: number;
}

/**
 * What an epoch's end costs besides its reports: every hotspot stands in the registry with a place, in the clocks, in a
 * pending amount that becomes ripe, in the totals and in the tree.
 */
export function measureClose(hotspots: number): CloseFigure {
  const input = closingInput(hotspots);
  const began = process.hrtime.bigint();
  const result = computeEpoch(input);
  if (result.kind === 'empty') throw new Error('nothing to close');
  const files = resultFiles(input.facts, result);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0);
  const memory = process.resourceUsage().maxRSS / 1024;
  return { hotspots, seconds, hashing: hashingSeconds(result.leaves.length), files: bytes / 2 ** 20, memory };
}

/** One line. */
export function closeLines(figure: CloseFigure): readonly string[] {
  const { hotspots, seconds, hashing, files, memory } = figure;
  return [
    `close: an epoch of ${hotspots} hotspots in ${seconds.toFixed(1)} s besides its reports, ${(seconds / hashing).toFixed(1)} times hashing its leaves and nodes alone (${hashing.toFixed(2)} s); ${Math.round(files)} MiB of results, ${Math.round(memory)} MiB resident`,
  ];
}

function closingInput(count: number): EpochInput {
  const two = [0, 1].map((place) => testHotspot(`close ${place}`, place));
  const world = new TestWorld({ hotspots: two, epochs: 2, policy: { holdback: 1 } });
  for (const epoch of [0, 1]) world.busyEpoch(epoch);
  const first = computed({ ...world.input(0, { state: emptyState(), parent: null }), hashes: nativeHashes });
  const crowd = Array.from({ length: count }, (_, at) => member(at));
  const heard = millis(world.facts(1).start * 1000);
  const clocks = new Map<HotspotKey, Clocks>(first.state.poc.clocks);
  for (const { key } of crowd)
    clocks.set(key, { lastBeacon: heard, lastBeaconRecip: heard, lastWitness: heard });
  const amounts = new Map(crowd.map(({ key }, at) => [hotspotLeafKey(key), amount(BigInt(1000 + at))]));
  const state: EpochState = {
    ...first.state,
    poc: { ...first.state.poc, clocks },
    cumulative: amounts,
    pending: new Map([[epochNumber(0n), amounts]]),
  };
  const parent = { ...openTuple(tupleBytes(first.tuple)), stateHash: stateHash(stateBytes(state)) };
  const input = world.input(1, { state, parent });
  const registered = new Map(input.registry.hotspots);
  for (const facts of crowd) registered.set(facts.key, facts);
  return { ...input, registry: { ...input.registry, hotspots: registered }, hashes: nativeHashes };
}

const TEMPLATE = testHotspot('close template', 0).facts;

function member(at: number): HotspotFacts {
  const digest = nativeSha256Hex(Buffer.from(`member ${at}`));
  const [latitude, longitude] = [0, 8].map(
    (from) => Number.parseInt(digest.slice(from, from + 8), 16) / 2 ** 32,
  );
  const cell = parseCell(
    BigInt(`0x${latLngToCell(36 + 20 * (latitude ?? 0), -8 + 30 * (longitude ?? 0), 12)}`),
  );
  return {
    ...TEMPLATE,
    key: `01${digest}` as HotspotKey,
    cell,
    ...cellCentre(cell),
  };
}

function hashingSeconds(leaves: number): number {
  const began = process.hrtime.bigint();
  const leaf = new Uint8Array(89);
  let node = new Uint8Array(32);
  for (let at = 0; at < leaves; at += 1)
    node = new Uint8Array(nativeHashes.node(nativeHashes.leaf(leaf), node));
  return Number(process.hrtime.bigint() - began) / 1e9;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const line of closeLines(measureClose(Number(process.argv[2] ?? 100_000)))) console.log(line);
