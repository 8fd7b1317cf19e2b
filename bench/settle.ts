import { pathToFileURL } from 'node:url';
import { latLngToCell } from 'h3-js';
import { computeEpoch } from '#protocol/epoch';
import { openEvidence } from '#protocol/evidence/cut';
import { cellParent } from '#protocol/geo/cell';
import { DEFAULT_POLICY } from '#protocol/policy';
import { densityScales } from '#protocol/reward/density';
import { rewardEpoch, type HotspotShares } from '#protocol/reward/pools';
import { mergeEvidence } from '#protocol/settle/logged-reports';
import { emptyState } from '#protocol/settle/state';
import { amount, type Cell } from '#protocol/units';
import { verifySignature } from '#services/runtime/signature';
import { EPOCH_S, testHotspot, TestWorld } from '../test/protocol/epoch/world.ts';

const POCS = 300;
const WITNESSES = 10;
const HOTSPOTS = 100_000;
const ROUNDS = 4;
const FIGURES = ['pocs', 'pocsSigned', 'pocsLimit', 'rewards', 'rewardsLimit'] as const;

export interface SettleFigure {
  /** PoCs a second with every rule but signatures, and with native signature checks. */
  readonly pocs: number;
  readonly pocsSigned: number;
  /** PoCs a second if checking their signatures were all there is to do. */
  readonly pocsLimit: number;
  /** Milliseconds for density and rewards of 100,000 hotspots, and for merely walking to the parents of their cells. */
  readonly rewards: number;
  readonly rewardsLimit: number;
}

/** How fast an epoch is computed, beside the least that any implementation has to do. */
export function measureSettle(): SettleFigure {
  const hotspots = Array.from({ length: WITNESSES + 1 }, (_, at) => testHotspot(`bench ${at}`, at));
  const world = new TestWorld({ hotspots, epochs: 1, policy: { beacon_interval_s: 1 } });
  const { start, end } = world.facts(0);
  for (let poc = 0; poc < POCS; poc += 1) {
    const beaconer = hotspots[poc % hotspots.length];
    if (beaconer === undefined) continue;
    const at = start * 1000 + 1 + Math.floor((poc * EPOCH_S * 1000) / POCS);
    world.poc({
      beaconer,
      witnesses: hotspots.filter((other) => other !== beaconer),
      at: Math.min(at, end * 1000),
    });
  }
  const input = world.input(0, { state: emptyState(), parent: null });
  const { reports } = mergeEvidence(
    input.evidence.map((sealed) => openEvidence(sealed)),
    verifySignature,
  );
  const cells = crowd();
  const seconds = fastest({
    pocs: () => computeEpoch({ ...input, verify: () => true }),
    pocsSigned: () => computeEpoch(input),
    pocsLimit: () => {
      for (const { report, signer } of reports)
        if (signer !== null)
          verifySignature({ key: signer, message: report.signedBytes, signature: report.signature });
    },
    rewards: () => {
      rewardCrowd(cells);
    },
    rewardsLimit: () => {
      for (const cell of cells)
        for (let resolution = 11; resolution >= 4; resolution -= 1) cellParent(cell, resolution);
    },
  });
  return {
    pocs: POCS / seconds.pocs,
    pocsSigned: POCS / seconds.pocsSigned,
    pocsLimit: POCS / seconds.pocsLimit,
    rewards: 1000 * seconds.rewards,
    rewardsLimit: 1000 * seconds.rewardsLimit,
  };
}

/** One line per figure. */
export function settleLines(figure: SettleFigure): readonly string[] {
  const { pocs, pocsSigned, pocsLimit, rewards, rewardsLimit } = figure;
  return [
    `settle: ${Math.round(pocs)} PoCs/s of ${WITNESSES} witnesses judged without signatures; ` +
      `${Math.round(pocsSigned)}/s with them, ${(pocsSigned / pocsLimit).toFixed(2)} of checking the signatures alone`,
    `settle: density and rewards of ${HOTSPOTS} hotspots in ${Math.round(rewards)} ms; ` +
      `${(rewards / rewardsLimit).toFixed(1)} times the walk to their cells' parents (${Math.round(rewardsLimit)} ms)`,
  ];
}

/** A country of hotspots, half of them crowded into ten towns; places by a fixed sequence. */
function crowd(): readonly Cell[] {
  let last = 1;
  const next = (): number => {
    last = (Math.imul(last, 1_664_525) + 1_013_904_223) >>> 0;
    return last / 2 ** 32;
  };
  return Array.from({ length: HOTSPOTS }, (_, at) => {
    const town =
      at % 2 === 0 ? { latitude: 47 + (at % 20) / 2.5, longitude: 6 + (at % 20) / 2.5, span: 0.2 } : null;
    const { latitude, longitude, span } = town ?? { latitude: 47, longitude: 6, span: 8 };
    return BigInt(`0x${latLngToCell(latitude + span * next(), longitude + span * next(), 12)}`) as Cell;
  });
}

function rewardCrowd(cells: readonly Cell[]): void {
  const scales = densityScales(cells, DEFAULT_POLICY.density);
  const shares = cells.map((cell, key): HotspotShares<number> => {
    const scale = scales.get(cell) ?? 0n;
    return { key, beacon: scale * 10_000n, witness: scale * 30_000n, credits: 3n, open: key % 5 === 0 };
  });
  rewardEpoch({ emission: amount(618_340_943_683n), policy: DEFAULT_POLICY, shares, voters: 3 });
}

/** Seconds of each work's fastest round; the rounds alternate, so that a busy machine slows all alike. */
function fastest(
  work: Readonly<Record<keyof SettleFigure, () => unknown>>,
): Record<keyof SettleFigure, number> {
  const best = {
    pocs: Infinity,
    pocsSigned: Infinity,
    pocsLimit: Infinity,
    rewards: Infinity,
    rewardsLimit: Infinity,
  };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of FIGURES) {
      const began = process.hrtime.bigint();
      work[name]();
      best[name] = Math.min(best[name], Number(process.hrtime.bigint() - began) / 1e9);
    }
  return best;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const line of settleLines(measureSettle())) console.log(line);
