import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeRecord } from '#protocol/evidence/record';
import { COSIGNATURE, formatVerifierKey, verifierKey } from '#protocol/evidence/verifier-key';
import type { NoteSigner } from '#protocol/evidence/note';
import type { Policy } from '#protocol/policy';
import { millis } from '#protocol/units';
import { logSigner } from '#services/runtime/log/log-signer';
import { openLog } from '#services/runtime/log/open-log';
import { mirrorPath } from '#services/runtime/public-epochs';
import { verifySignature } from '#services/runtime/signature';
import { openCosignedFiles } from '#services/witness/cosigned-files';
import { followLog, type FollowedLog } from '#services/witness/followed-log';

/** Milliseconds of a log's clock between two looks of a witness. */
const LOOK_EVERY_MS = 5000;

/** The key of test log or witness number `at`; their names begin with the network's. */
export function testSigner(name: string, seed: number): NoteSigner {
  return logSigner(name, new Uint8Array(32).fill(seed));
}

export function testWitness(number: number): NoteSigner {
  const { key, sign } = testSigner(`witness-${number}`, 100 + number);
  return { key: verifierKey(key.name, key.publicKey, COSIGNATURE), sign };
}

/**
 * Writes entries into a log with their own stamps, and lets witnesses look at what it published as its clock goes by:
 * `sees` tells which of them look at a time.
 */
export async function writeWitnessed(input: {
  readonly dir: string;
  readonly signer: NoteSigner;
  readonly entries: readonly Uint8Array[];
  readonly witnesses: readonly { readonly signer: NoteSigner; readonly folder: string }[];
  readonly sees: (witness: number, time: number) => boolean;
  /** Clock of the log at the first look. */
  readonly from: number;
  /** Clock of the log at the last look. */
  readonly until: number;
}): Promise<void> {
  const { dir, signer, entries, witnesses, from, until } = input;
  const origin = signer.key.name;
  let now = from;
  const fatal = (error: Error): never => {
    throw error;
  };
  const log = await openLog({
    dir,
    origin,
    signer,
    clock: () => millis(now),
    delayMs: 0,
    integrateEveryMs: 3_600_000,
    fatal,
  });
  const url = join(dir, 'public');
  const followed: FollowedLog[] = [];
  for (const witness of witnesses) {
    const files = await openCosignedFiles(join(witness.folder, mirrorPath(origin)), witness.signer.key.id);
    const options = { signer: witness.signer, files, verify: verifySignature, now: () => now };
    followed.push(await followLog({ log: { origin, vkey: formatVerifierKey(signer.key), url }, ...options }));
  }
  let next = from;
  const lookUntil = async (time: number): Promise<void> => {
    for (; next <= time; next += LOOK_EVERY_MS) {
      now = next;
      await log.integrate();
      for (const [number, witness] of followed.entries())
        if (input.sees(number, now)) await witness.look(url);
    }
  };
  for (const entry of entries) {
    const { receivedAt, body } = decodeRecord(entry);
    await lookUntil(receivedAt - 1);
    now = Math.max(now, receivedAt);
    if (body.kind === 'epoch_close') await log.closeEpoch(body.epoch);
    else if (body.kind !== 'unknown') await log.append([body]);
  }
  await lookUntil(until);
  now = until;
  await log.integrate();
  for (const [number, witness] of followed.entries()) if (input.sees(number, now)) await witness.look(url);
  await log.close();
}

/** Serves folders under names, each viewer what it is to see; null: the name is not served to it. */
export async function serveViews(
  folderOf: (name: string, viewer: number) => string | null,
): Promise<{ readonly url: string; viewer: number; close(): Promise<void> }> {
  const views = { url: '', viewer: 0, close: () => closeServer(server) };
  const server = createServer((request, response) => {
    const [, name = '', ...path] = decodeURIComponent(request.url ?? '').split('/');
    const folder = folderOf(name, views.viewer);
    void (folder === null ? Promise.reject(new Error('hidden')) : readFile(join(folder, ...path))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(folder === null ? 503 : 404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  views.url = `http://127.0.0.1:${address.port}`;
  return views;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

export function witnessKeys(url: string, count: number): Policy['log_witnesses']['keys'] {
  return Array.from({ length: count }, (_, number) => ({
    vkey: formatVerifierKey(testWitness(number).key),
    url: `${url}/witness-${number}`,
  })).sort((a, b) => (a.vkey < b.vkey ? -1 : 1));
}
