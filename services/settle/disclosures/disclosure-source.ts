import type { Keypair } from '@solana/web3.js';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { decodeRecord, entryKind, entryReceivedAt } from '#protocol/evidence/record';
import type { Policy } from '#protocol/policy';
import { commitmentOf, type Disclosure, type Disclosures } from '#protocol/route/disclosure';
import type { Address, EpochNumber } from '#protocol/units';
import { toHex } from '#protocol/wire/hex';
import type { EpochBounds } from '#services/runtime/chain-epoch';
import type { Logger } from '#services/runtime/logger';
import { Outage } from '#services/runtime/outage';
import { readDisclosuresFrom } from '#services/runtime/read-disclosures';
import type { DisclosureFiles } from './disclosure-files.ts';

/** What an epoch's packets can be judged by here and now. */
export interface GatheredDisclosures {
  readonly disclosures: Disclosures;
  /** Packet records whose disclosure is nowhere to be had. */
  readonly missing: number;
}

export interface DisclosureSource {
  /** Asks the logs' routers and then the peers for what the cuts commit to and is not here yet, and keeps it. */
  gather(input: {
    readonly policy: Policy;
    readonly epoch: EpochNumber;
    readonly bounds: EpochBounds;
    readonly evidence: readonly SealedEvidence[];
  }): Promise<GatheredDisclosures>;
}

/** Disclosures in memory before they are kept. */
const BATCH = 4096;

export function openDisclosureSource(options: {
  readonly files: DisclosureFiles;
  readonly network: Address;
  /** Signs what it asks for. */
  readonly oracle: Keypair;
  /** Bases of other oracles. */
  readonly peers: readonly string[];
  readonly logger: Logger;
}): DisclosureSource {
  const { files, network, oracle, peers, logger } = options;
  /** Places that failed last, so that each is told about once. */
  const failing = new Set<string>();

  async function fetchFrom(base: string, epoch: EpochNumber, missing: Set<string>): Promise<void> {
    const fresh: Disclosure[] = [];
    const keep = async (): Promise<void> => {
      await files.add(epoch, fresh.splice(0));
    };
    try {
      for await (const disclosure of readDisclosuresFrom(base, { epoch, network, reader: oracle })) {
        // What no record commits to is not kept: whoever serves it could fill the disk.
        if (missing.delete(commitmentOf(disclosure))) fresh.push(disclosure);
        if (fresh.length >= BATCH) await keep();
        if (missing.size === 0) break;
      }
      failing.delete(base);
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      if (!failing.has(base)) logger.warn({ error, base }, 'disclosures cannot be read from there');
      failing.add(base);
    }
    await keep();
  }

  return {
    gather: async ({ policy, epoch, bounds, evidence }) => {
      const known = await files.read(epoch);
      const missing = new Set<string>();
      const places: string[] = [];
      for (const sealed of evidence) {
        const lacking = commitmentsOf(sealed, bounds).filter((commitment) => !known.has(commitment));
        if (lacking.length === 0) continue;
        const url = policy.logs.find(({ origin }) => origin === sealed.origin)?.url;
        if (url !== undefined) places.push(url);
        for (const commitment of lacking) missing.add(commitment);
      }
      for (const base of [...places, ...peers]) if (missing.size > 0) await fetchFrom(base, epoch, missing);
      if (missing.size > 0)
        logger.warn({ epoch: epoch.toString(), missing: missing.size }, 'packets are not disclosed');
      return { disclosures: await files.read(epoch), missing: missing.size };
    },
  };
}

/** Of the packet records received in the epoch. */
function commitmentsOf({ entries }: SealedEvidence, { start, end }: EpochBounds): readonly string[] {
  return entries.flatMap((entry) => {
    if (entryKind(entry) !== 'packet') return [];
    const receivedAt = entryReceivedAt(entry);
    if (receivedAt <= start * 1000 || receivedAt > end * 1000) return [];
    const { body } = decodeRecord(entry);
    return body.kind === 'packet' ? [toHex(body.commitment)] : [];
  });
}
