import { setTimeout as sleep } from 'node:timers/promises';
import { epochNumber, millis, type EpochNumber } from '#protocol/units';
import type { Logger } from '#services/runtime/logger';
import type { Policies } from '#services/runtime/policies';
import { policyHashAt, type RegistryReader } from '#services/runtime/registry-file';
import { runEpochCloser, type EpochSchedule } from './epoch-closer.ts';
import type { EvidenceLog } from './open-log.ts';

/** Ends each epoch's evidence (evidence.md, "The cut"); waits until policy and registry say when epochs end. */
export async function closeEpochs(options: {
  readonly log: Pick<EvidenceLog, 'lastClosedEpoch' | 'closeEpoch'>;
  readonly registry: RegistryReader;
  readonly policyOf: Policies;
  readonly now: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { log, logger, signal } = options;
  const schedule = openSchedule(options);
  await untilKnown({ schedule, logger, signal });
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

type Schedule = (epoch: EpochNumber) => Promise<EpochSchedule>;

/** The policy in force for an epoch says how long a log waits after it; the chain says when it ends. */
function openSchedule(options: { readonly registry: RegistryReader; readonly policyOf: Policies }): Schedule {
  return async (epoch) => {
    const file = await options.registry.read();
    if (file === null) throw new Error('there is no registry yet; start follow');
    const { policy } = await options.policyOf(policyHashAt(file.network, epoch));
    const { firstEpochStart, epochLength } = file.network;
    return { firstEpochStart, epochLength, graceMs: policy.grace_ms };
  };
}

async function untilKnown(options: {
  readonly schedule: Schedule;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  let said = false;
  while (!options.signal.aborted) {
    try {
      await options.schedule(epochNumber(0n));
      return;
    } catch (error) {
      if (!said) options.logger.warn({ error }, 'policy and registry do not say yet when epochs end');
      said = true;
    }
    await sleep(500, undefined, { signal: options.signal }).catch(() => undefined);
  }
}
