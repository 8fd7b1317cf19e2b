import { join } from 'node:path';
import { loadOrCreateSeed } from '../runtime/signing-seed.ts';

/** The 32-byte seed of the ed25519 key that signs checkpoints and receipts. */
export async function loadOrCreateLogKey(dataDir: string): Promise<Uint8Array> {
  return await loadOrCreateSeed(join(dataDir, 'ingest', 'log-key'));
}
