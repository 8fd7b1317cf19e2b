import { deepStrictEqual } from 'node:assert/strict';
import { openCheckpoint } from '#protocol/evidence/checkpoint';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import { computeEpoch, type EpochInput } from '#protocol/epoch';
import { judgeEpoch, type JudgedEpoch } from '#protocol/settle/epoch/judge-epoch';
import { openEpochEvidence } from '#protocol/settle/epoch/open-evidence';
import { mergeEvidence } from '#protocol/settle/logged-reports';
import { emptyState, type EpochState } from '#protocol/settle/state';
import type { Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber } from '#protocol/units';
import { emptyPocState } from '#protocol/verify/state';
import type { PocState } from '#protocol/verify/poc';
import { readCut } from '#services/runtime/evidence-cut';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { GENESIS, testAddress } from '../../protocol/epoch/world.ts';
import { EPOCH_MS, EPOCHS, lineRegistry } from './network.ts';
import { publicLog } from './public-log.ts';
import { byPlace, placedVerdicts, type PlacedVerdict } from './verdicts.ts';
import { policyAtStart, policyIn, type LineWorld } from './world.ts';

export interface BatchEpoch {
  /** By `origin index`. */
  readonly verdicts: ReadonlyMap<string, PlacedVerdict>;
  readonly state: PocState;
  /** Nothing in it is attested, and the next one begins with the state of the one before. */
  readonly empty: boolean;
}

/** Every epoch as an oracle settles it: from the public files alone, each from the state that the one before left. */
export async function settle(world: LineWorld): Promise<readonly BatchEpoch[]> {
  const trees = await openTrees(world);
  const epochs: BatchEpoch[] = [];
  let state = emptyPocState();
  for (let number = 0; number < EPOCHS; number += 1) {
    const input = await epochInput(world, { trees, number });
    const judged = judge(input, state);
    epochs.push({ verdicts: placed(number, judged), state: judged.state, empty: !judged.hasBeacon });
    if (judged.hasBeacon) ({ state } = judged);
  }
  return epochs;
}

/** Shows that computing payouts as well changes no verdict and no state: throws where it does. */
export async function requireSameWithPayouts(world: LineWorld): Promise<void> {
  const trees = await openTrees(world);
  let chain: { readonly state: EpochState; readonly parent: Tuple | null } = {
    state: emptyState(),
    parent: null,
  };
  for (let number = 0; number < EPOCHS; number += 1) {
    const input = await epochInput(world, { trees, number });
    const judged = judge(input, chain.state.poc);
    const result = computeEpoch({ ...input, ...chain });
    deepStrictEqual(result.kind === 'empty', !judged.hasBeacon);
    if (result.kind === 'empty') continue;
    deepStrictEqual(result.verdicts, judged.verdicts);
    deepStrictEqual(result.badlySigned, judged.badlySigned);
    deepStrictEqual(result.state.poc, judged.state);
    chain = { state: result.state, parent: result.tuple };
  }
}

type Input = Omit<EpochInput, 'state' | 'parent'> & Pick<Parameters<typeof judgeEpoch>[0], 'deny'>;

async function epochInput(
  world: LineWorld,
  of: { readonly trees: readonly (readonly [string, VerifiedTree])[]; readonly number: number },
): Promise<Input> {
  const epoch = epochNumber(BigInt(of.number));
  const start = GENESIS + (of.number * EPOCH_MS) / 1000;
  const bounds = { start, end: start + EPOCH_MS / 1000 };
  const evidence: SealedEvidence[] = [];
  for (const [origin, tree] of of.trees) {
    const cut = await readCut(tree, {
      origin,
      epoch,
      bounds,
      windows: policyIn(world, epoch).policy.windows,
    });
    if (cut === null) throw new Error(`epoch ${of.number} is not closed`);
    evidence.push(cut);
  }
  return {
    facts: { epoch, ...bounds, ...ECONOMY },
    evidence,
    registry: { keyNetwork: 'mainnet', hotspots: lineRegistry(epoch), credits: [], voters: [] },
    ...policyIn(world, epoch),
    verify: world.signing.verify,
  };
}

const ECONOMY = {
  network: testAddress('line'),
  emission: amount(1_000_000_000_000n),
  holdback: 0,
  creditPrice: 3_590_000n,
  operations: testAddress('operations'),
};

function judge(input: Input, state: PocState): JudgedEpoch {
  const merged = mergeEvidence(openEpochEvidence(input), input.verify);
  return judgeEpoch({ ...input, registry: input.registry.hotspots, state, ...merged });
}

function placed(number: number, { verdicts, badlySigned }: JudgedEpoch): BatchEpoch['verdicts'] {
  const epoch = String(number);
  return byPlace([
    ...verdicts.flatMap((verdict) => placedVerdicts({ epoch, verdict })),
    ...badlySigned.map((verdict): PlacedVerdict => ({ epoch, role: 'other', verdict })),
  ]);
}

async function openTrees(world: LineWorld): Promise<readonly (readonly [string, VerifiedTree])[]> {
  const trees: (readonly [string, VerifiedTree])[] = [];
  for (const log of world.logs) {
    const { origin, publish, reader } = publicLog(log);
    publish(log.entries.length);
    const named = policyAtStart(world).logs.find((each) => each.origin === origin);
    const keys = [parseVerifierKey(named?.vkey ?? '')];
    const head = openCheckpoint(await reader.checkpoint(), { origin, keys, verify: world.signing.verify });
    trees.push([origin, new SmallTree(reader, head)]);
  }
  return trees;
}

/** Every epoch reads most of it again: its entries are proven once. */
class SmallTree extends VerifiedTree {
  #entries: Promise<Uint8Array[]> | undefined;

  override async entries(from: number, to: number): Promise<Uint8Array[]> {
    this.#entries ??= super.entries(0, this.size);
    return (await this.#entries).slice(from, to);
  }
}
