import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { cellToCenterChild, cellToParent, gridDisk, latLngToCell } from 'h3-js';
import type { EpochInput } from '#protocol/epoch';
import { cellCentre, parseCell } from '#protocol/geo/cell';
import { folderFiles, type FolderFiles } from '#protocol/settle/folder';
import { emptyState } from '#protocol/settle/state';
import type { HotspotFacts } from '#protocol/verify/poc';
import { dataRateNumber } from '#protocol/wire/data-rate';
import { encodeWitness } from '#protocol/wire/encode';
import { keyText } from '#protocol/wire/key';
import { epochPath, INDEX_PATH, indexText, type EpochEntry } from '#services/runtime/public-epochs';
import { computed, testAddress, testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { signedDenyFile } from './deny-file.ts';

/** A cell of resolution 12 in the resolution-8 cell around a place, and its facts. */
function crowdedAt(order: number): Partial<HotspotFacts> {
  const eight = cellToParent(latLngToCell(52.56, 13.46, 12), 8);
  const [first = '', second = ''] = gridDisk(cellToCenterChild(eight, 9), 1);
  const nine = order < 2 ? first : second;
  const cell = parseCell(BigInt(`0x${cellToCenterChild(nine, 12)}`));
  return { cell, ...cellCentre(cell) };
}

/** Who is in the world of `hotspotFolders`. */
export const ACTORS = {
  honest: testHotspot('why honest', 0),
  second: testHotspot('why second', 1),
  third: testHotspot('why third', 2),
  fourth: testHotspot('why fourth', 3),
  cheat: testHotspot('why cheat', 4),
  lone: testHotspot('why lone', 47),
  open: testHotspot('why open', 5, { tier: 'open' }),
  otherOpen: testHotspot('why other open', 6, { tier: 'open' }),
  denied: testHotspot('why denied', 7),
  crowded: testHotspot('why crowded', 0, crowdedAt(0)),
  neighbour: testHotspot('why neighbour', 0, crowdedAt(1)),
  nextDoor: testHotspot('why next door', 0, crowdedAt(2)),
  silent: testHotspot('why silent', 16),
} as const;

/** The epoch that is looked at: reciprocity is asked for, epoch 0 is paid, 1 and 2 are held back. */
export const EPOCH = 2;
/** Registered nowhere. */
export const STRANGER = testHotspot('why stranger', 20);

const MEETING = [
  ACTORS.honest,
  ACTORS.second,
  ACTORS.third,
  ACTORS.fourth,
  ACTORS.cheat,
  ACTORS.open,
  ACTORS.otherOpen,
  ACTORS.denied,
  ACTORS.crowded,
  ACTORS.neighbour,
  ACTORS.nextDoor,
];

/**
 * Folders of epochs 0 to 2: all but the lone and the silent one meet each other; in epoch 2 the cheat is too loud for its
 * place and beacons twice, and the deny list names one hotspot and one pair.
 */
export function hotspotFolders(): {
  readonly inputs: readonly EpochInput[];
  readonly folders: readonly FolderFiles[];
} {
  const world = new TestWorld({
    hotspots: Object.values(ACTORS),
    epochs: EPOCH + 1,
    policy: { holdback: 2, beacon_interval_s: 30 },
  });
  for (let epoch = 0; epoch <= EPOCH; epoch += 1) {
    const start = world.facts(epoch).start * 1000;
    world.busyEpoch(epoch, epoch < EPOCH ? MEETING : MEETING.filter((each) => each !== ACTORS.cheat));
    world.poc({ beaconer: ACTORS.lone, witnesses: [], at: start + 25_000 });
  }
  cheats(world);
  const grounds = {
    from: EPOCH,
    reason: 'impossible_lag',
    epoch: 1,
    evidence: [{ origin: world.log().origin, index: 3 }],
  } as const;
  const [a = '', b = ''] = [keyText(ACTORS.second.key), keyText(ACTORS.third.key)].sort();
  const { denyFile, deny } = signedDenyFile({
    keys: [{ key: keyText(ACTORS.denied.key), ...grounds }],
    edges: [{ a, b, ...grounds, evidence: [...grounds.evidence] }],
  });
  let before: Parameters<TestWorld['input']>[1] = { state: emptyState(), parent: null };
  const inputs: EpochInput[] = [];
  const folders: FolderFiles[] = [];
  for (let epoch = 0; epoch <= EPOCH; epoch += 1) {
    const plain = world.input(epoch, { ...before, voters: [testAddress('oracle')] });
    const input = epoch < EPOCH ? plain : { ...plain, denyFile, policy: { ...plain.policy, deny } };
    const result = computed(input);
    inputs.push(input);
    folders.push(folderFiles(input, result));
    before = { state: result.state, parent: result.tuple };
  }
  return { inputs, folders };
}

/** Two beacons in one interval, and reports that are too loud for where the cheat says that it stands. */
function cheats(world: TestWorld): void {
  const start = world.facts(EPOCH).start * 1000;
  for (const at of [start + 31_000, start + 45_000])
    world.poc({ beaconer: ACTORS.cheat, witnesses: [ACTORS.honest, ACTORS.second], at });
  for (const [order, beaconer] of [ACTORS.honest, ACTORS.second].entries()) {
    const at = start + 32_500 + order * 1500;
    const { derived } = world.poc({ beaconer, witnesses: [ACTORS.third], at });
    const fields = {
      key: ACTORS.cheat.key,
      data: derived.data,
      timestamp: 1n,
      tmst: order,
      signal: -400,
      snr: 10,
      frequency: derived.frequency,
      datarate: dataRateNumber(derived.datarate),
    };
    const signature = ed25519.sign(encodeWitness(fields), ACTORS.cheat.secret);
    const report = encodeWitness({ ...fields, signature });
    world.log().add({ receivedAt: at + 500, body: { kind: 'witness', report, session: null } });
  }
}

/** Writes folders as an oracle serves them; the index lists each. */
export async function writeFolders(
  base: string,
  folders: readonly FolderFiles[],
  entries: readonly EpochEntry[],
): Promise<void> {
  const write = async (path: string, bytes: Uint8Array | string): Promise<void> => {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await writeFile(join(base, path), bytes);
  };
  for (const [at, files] of folders.entries())
    for (const [name, bytes] of files) {
      const entry = entries[at];
      if (entry !== undefined) await write(epochPath(entry.epoch, name), bytes);
    }
  await write(INDEX_PATH, indexText(entries));
}
