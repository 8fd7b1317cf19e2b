import { computeEpoch, type ComputedEpoch, type EpochInput } from '#protocol/epoch';
import { ProtocolError } from '#protocol/errors';
import type { Disclosure } from '#protocol/route/disclosure';
import { FILES } from '#protocol/settle/folder';
import { openPacketReasons } from '#protocol/settle/folder/credits-files';
import type { Hash } from '#protocol/units';
import type { Logger } from '#services/runtime/logger';
import { Outage } from '#services/runtime/outage';
import { epochPath } from '#services/runtime/public-epochs';
import { openPublicFiles } from '#services/runtime/public-files';

/** A reason takes one byte; a log that fills an epoch with more packets is none of ours. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * A final epoch by the reasons that a peer's folder gives its packets, where the final tuple comes out of them; null where it
 * comes out of nobody's. Reasons can take packets away, but count none that the log or a disclosure at hand speaks against.
 */
export async function believedEpoch(of: {
  readonly input: EpochInput;
  readonly tupleHash: Hash;
  readonly peers: readonly string[];
  readonly logger: Logger;
}): Promise<ComputedEpoch | null> {
  const { input, tupleHash, peers, logger } = of;
  const { epoch } = input.facts;
  const disclosures = input.packets?.disclosures ?? new Map<string, Disclosure>();
  for (const peer of peers)
    try {
      const bytes = await openPublicFiles(peer).read(epochPath(epoch, FILES.packets), MOST_BYTES);
      if (bytes === null) continue;
      const packets = { kind: 'published', reasons: openPacketReasons(bytes), disclosures } as const;
      const result = computeEpoch({ ...input, packets });
      if (result.kind !== 'computed' || result.tupleHash !== tupleHash) continue;
      const believed = result.packets.filter((packet) => packet.believed);
      logger.warn(
        { epoch: epoch.toString(), peer, believed: believed.length },
        'what packets count in a final epoch is believed, for want of their disclosures',
      );
      return result;
    } catch (error) {
      if (!(error instanceof Outage || error instanceof ProtocolError)) throw error;
      logger.warn({ error, peer }, 'the reasons of a peer cannot be used');
    }
  return null;
}
