import { loadOrCreateStageLogKey } from '../runtime/log/stage-log-key.ts';

/** The 32-byte seed of the ed25519 key that signs checkpoints and receipts. */
export async function loadOrCreateLogKey(dataDir: string): Promise<Uint8Array> {
  return await loadOrCreateStageLogKey(dataDir, 'ingest');
}
