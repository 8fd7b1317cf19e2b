import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPolicy } from '#protocol/settle/policy-codec';
import { millis } from '#protocol/units';
import type { Logger } from '../runtime/logger.ts';
import type { RegistryReader } from '../runtime/registry-file.ts';
import { runEpochCloser } from './log/epoch-closer.ts';
import type { EvidenceLog } from './log/open-log.ts';

/** Ends each epoch's evidence (evidence.md, "The cut"); waits until policy and registry say when epochs end. */
export async function closeEpochs(options: {
  readonly dataDir: string;
  readonly log: Pick<EvidenceLog, 'lastClosedEpoch' | 'closeEpoch'>;
  readonly registry: RegistryReader;
  readonly now: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { log, logger, signal } = options;
  const schedule = await untilKnown(options);
  if (schedule === null) return;
  await runEpochCloser({
    log,
    schedule,
    clock: () => millis(options.now()),
    failed: (error) => {
      logger.error({ error }, 'an epoch could not be closed; trying again');
    },
    signal,
  });
}

type Schedule = Parameters<typeof runEpochCloser>[0]['schedule'];

async function untilKnown(options: {
  readonly dataDir: string;
  readonly registry: RegistryReader;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<Schedule | null> {
  let said = false;
  while (!options.signal.aborted) {
    try {
      const file = await options.registry.read();
      if (file !== null) {
        const policy = openPolicy(Uint8Array.from(await readFile(join(options.dataDir, 'policy.json'))));
        const { firstEpochStart, epochLength } = file.network;
        return { firstEpochStart, epochLength, graceMs: policy.grace_ms };
      }
    } catch (error) {
      if (!said) options.logger.warn({ error }, 'policy and registry do not say yet when epochs end');
      said = true;
    }
    await sleep(500, undefined, { signal: options.signal }).catch(() => undefined);
  }
  return null;
}
