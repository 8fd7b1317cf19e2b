import { openCheckpoint } from '#protocol/evidence/checkpoint';
import type { VerifierKey } from '#protocol/evidence/verifier-key';
import { verifySignature } from '../signature.ts';
import type { PublicLogReader } from './public-log-reader.ts';
import { VerifiedTree } from './verified-tree.ts';

/** A log as its newest checkpoint shows it. */
export interface PublishedLog {
  readonly origin: string;
  /** The note's bytes. */
  readonly checkpoint: Uint8Array;
  readonly tree: VerifiedTree;
}

/** Reads the newest checkpoint; throws what `openCheckpoint` does, or an Outage where there is none. */
export async function openPublishedLog(of: {
  readonly reader: PublicLogReader;
  readonly origin: string;
  readonly key: VerifierKey;
}): Promise<PublishedLog> {
  const { reader, origin, key } = of;
  const checkpoint = await reader.checkpoint();
  const head = openCheckpoint(checkpoint, { origin, keys: [key], verify: verifySignature });
  return { origin, checkpoint, tree: new VerifiedTree(reader, head) };
}
