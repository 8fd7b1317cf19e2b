import { join } from 'node:path';
import { loadOrCreateSeed } from '../signing-seed.ts';

/** The 32-byte seed of the ed25519 key that signs a stage's checkpoints and receipts: `DATA_DIR/<stage>/log-key`. */
export async function loadOrCreateStageLogKey(
  dataDir: string,
  stage: 'ingest' | 'route',
): Promise<Uint8Array> {
  return await loadOrCreateSeed(join(dataDir, stage, 'log-key'));
}
