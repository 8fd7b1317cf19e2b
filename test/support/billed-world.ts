import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComputedEpoch, EpochInput } from '#protocol/epoch';
import { disclosuresByCommitment, encodeDisclosure, type Disclosure } from '#protocol/route/disclosure';
import type { JudgedPacket } from '#protocol/settle/credits/judge-packets';
import { creditsTree, type CreditsLeaf } from '#protocol/settle/credits/credits-tree';
import { FILES, folderFiles, type FolderFiles } from '#protocol/settle/folder';
import { creditsBytes, packetReasonsBytes } from '#protocol/settle/folder/credits-files';
import { MANIFEST, manifestBytes } from '#protocol/settle/folder/manifest-file';
import { emptyState } from '#protocol/settle/state';
import { tupleBytes, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { dataFrame, packetBytes, testOwner, TestRouter } from '../protocol/epoch/packet-world.ts';
import { computed, EPOCH_S, GENESIS, testHotspot, testKey, TestWorld } from '../protocol/epoch/world.ts';
import { writeFolders } from './hotspot-folders.ts';

export const OWNER = testOwner('billed');
export const OTHER = testOwner('billed as well');
export const HEARD = [testHotspot('billed 0', 1), testHotspot('billed 1', 2)] as const;

/** A packet of the owner in an epoch, at its record's place. */
export interface Base {
  readonly at: number;
  readonly hotspot: (typeof HEARD)[number];
  readonly owner: typeof OWNER;
  readonly session: number;
  readonly route: number;
}

/** Two epochs in which a router bought packets, as oracles computed them, and what the owner was given. */
export interface BilledWorld {
  readonly inputs: readonly EpochInput[];
  readonly results: readonly ComputedEpoch[];
  readonly folders: FolderFiles[];
  readonly own: readonly Disclosure[];
  readonly all: readonly Disclosure[];
}

/**
 * In each epoch the first hotspot sells the owner two packets and another owner one, the second sells the owner one that is
 * not signed; `fill` adds to epoch 1.
 */
export function billedWorld(
  of: {
    readonly fill?: (router: TestRouter, base: Base) => void;
    /** Oracles that count whatever is recorded, as if each had its disclosure. */
    readonly believing?: boolean;
  } = {},
): BilledWorld {
  const world = new TestWorld({ hotspots: HEARD, epochs: 2 });
  const router = new TestRouter({ log: world.log(), network: world.network });
  const [first, second] = HEARD;
  const others: Disclosure[] = [];
  for (const epoch of [0, 1]) {
    const start = (GENESIS + epoch * EPOCH_S) * 1000;
    const session = router.session(first, start + 20_000);
    const lone = router.session(second, start + 20_000);
    const route = router.route(OWNER, start + 20_000);
    const foreign = router.route(OTHER, start + 20_000, { devAddrs: [[0x27000000, 0x270000ff]] });
    const base = { at: start + 21_000, hotspot: first, owner: OWNER, session, route };
    router.packet(base);
    router.packet({ ...base, payload: dataFrame(0x26000002, epoch, 30) });
    const payload = dataFrame(0x27000001, epoch);
    others.push(router.packet({ ...base, owner: OTHER, route: foreign, payload }));
    const bytes = packetBytes(second, testKey('nobody'), dataFrame(0x26000003, epoch));
    router.packet({ ...base, hotspot: second, session: lone, bytes, payload: dataFrame(0x26000003, epoch) });
    if (epoch === 1) of.fill?.(router, base);
    // The close of the epoch, which comes before all of the next one.
    router.skip();
  }
  let before: Parameters<TestWorld['input']>[1] = { state: emptyState(), parent: null };
  const inputs: EpochInput[] = [];
  const results: ComputedEpoch[] = [];
  const folders: FolderFiles[] = [];
  for (const epoch of [0, 1]) {
    const plain = world.input(epoch, before);
    const credits = [OWNER, OTHER].map(({ address }) => ({ owner: address, balance: 100n }));
    const registry = { ...plain.registry, credits: credits.sort((a, b) => (a.owner < b.owner ? -1 : 1)) };
    const disclosures = disclosuresByCommitment(router.disclosures);
    const honest: EpochInput = { ...plain, registry, packets: { kind: 'disclosed', disclosures } };
    const input =
      of.believing === true && epoch === 1
        ? { ...honest, packets: believed(computed(honest).packets) }
        : honest;
    const result = computed(input);
    inputs.push(input);
    results.push(result);
    folders.push(folderFiles(input, result));
    before = { state: result.state, parent: result.tuple };
  }
  const isOthers = new Set(others);
  return {
    inputs,
    results,
    folders,
    own: router.disclosures.filter((each) => !isOthers.has(each)),
    all: router.disclosures,
  };
}

/** What oracles publish that count what nobody disclosed. */
function believed(packets: readonly JudgedPacket[]): NonNullable<EpochInput['packets']> {
  const kept = packets.slice(0, 4).map(({ reason }) => (reason === null ? 0 : 6));
  return { kind: 'published', reasons: [...kept, ...packets.slice(4).map(() => 0)] };
}

/** A folder in which everything says that an owner used another total than it did; its tuple, too. */
export function withSettled(
  files: FolderFiles,
  of: { readonly tuple: Tuple; readonly leaves: readonly CreditsLeaf[] },
): { readonly files: FolderFiles; readonly tuple: Tuple } {
  const { network } = of.tuple;
  const { root, leaves } = creditsTree({ network, leaves: of.leaves });
  const tuple = { ...of.tuple, creditsRoot: root, creditsCount: leaves.length };
  const changed = new Map(files);
  changed.set(FILES.credits, creditsBytes(leaves)).set(FILES.tuple, tupleBytes(tuple));
  return { files: refit(changed), tuple };
}

/** A folder that publishes other reasons. */
export function withReasons(
  files: FolderFiles,
  packets: Parameters<typeof packetReasonsBytes>[0],
): FolderFiles {
  return refit(new Map(files).set(FILES.packets, packetReasonsBytes(packets)));
}

function refit(files: Map<string, Uint8Array>): FolderFiles {
  files.delete(MANIFEST);
  return files.set(MANIFEST, manifestBytes(files));
}

/** Writes the folders as an oracle serves them, and the owner's disclosures in files beside them. */
export async function writeBilled(
  world: Pick<BilledWorld, 'folders' | 'own'>,
  tuples: readonly Tuple[],
): Promise<{ readonly folder: string; readonly disclosures: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'coverant-bill-'));
  const entries = tuples.map((tuple) => ({
    epoch: tuple.epoch,
    tupleHash: tupleHash(tuple),
    parentTupleHash: tuple.parentTupleHash,
  }));
  await writeFolders(folder, world.folders, entries);
  const disclosures = join(folder, 'own-disclosures');
  await writeFile(disclosures, Buffer.concat(world.own.map(encodeDisclosure)));
  return { folder, disclosures };
}
