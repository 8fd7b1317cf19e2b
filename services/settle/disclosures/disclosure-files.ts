import { appendFile, mkdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import {
  commitmentOf,
  encodeDisclosure,
  readDisclosurePart,
  type Disclosure,
  type Disclosures,
} from '#protocol/route/disclosure';
import type { EpochNumber } from '#protocol/units';

/** The disclosures that an oracle has, one file per epoch; private: they are served to other oracles alone. */
export interface DisclosureFiles {
  /** What is kept of an epoch; what a crash left half written is none. */
  read(epoch: EpochNumber): Promise<Disclosures>;
  /** Appends those that are not there yet. */
  add(epoch: EpochNumber, disclosures: readonly Disclosure[]): Promise<void>;
  /** The file from an offset on; null where there is none. */
  part(epoch: EpochNumber, from: number, limit: number): Promise<Uint8Array | null>;
}

export async function openDisclosureFiles(folder: string): Promise<DisclosureFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pathOf = (epoch: EpochNumber): string => join(folder, epoch.toString());
  /** The epoch that was read last, of which a turn asks again and again. */
  let held: { readonly epoch: EpochNumber; readonly disclosures: Map<string, Disclosure> } | null = null;

  async function read(epoch: EpochNumber): Promise<Map<string, Disclosure>> {
    if (held?.epoch === epoch) return held.disclosures;
    const bytes = await readWhole(pathOf(epoch));
    const { disclosures, rest } = readDisclosurePart(bytes ?? new Uint8Array());
    if (bytes !== null && rest > 0) await truncate(pathOf(epoch), bytes.length - rest);
    const byCommitment = new Map<string, Disclosure>();
    for (const disclosure of disclosures) byCommitment.set(commitmentOf(disclosure), disclosure);
    held = { epoch, disclosures: byCommitment };
    return byCommitment;
  }

  return {
    read,
    add: async (epoch, disclosures) => {
      const known = await read(epoch);
      const fresh = new Map<string, Disclosure>(
        disclosures.map((disclosure) => [commitmentOf(disclosure), disclosure]),
      );
      for (const commitment of known.keys()) fresh.delete(commitment);
      if (fresh.size === 0) return;
      // The map first: it is what counts, and the file is read anew by the next process.
      for (const [commitment, disclosure] of fresh) known.set(commitment, disclosure);
      await appendFile(pathOf(epoch), Buffer.concat([...fresh.values()].map(encodeDisclosure)), {
        mode: 0o600,
      });
    },
    part: async (epoch, from, limit) => {
      const bytes = await readWhole(pathOf(epoch));
      return bytes === null ? null : bytes.subarray(from, from + limit);
    },
  };
}

async function readWhole(path: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
