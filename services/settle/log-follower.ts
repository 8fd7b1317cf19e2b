import { policyAt } from '#client';
import type { EpochNumber } from '#protocol/units';
import type { Policies } from '#services/runtime/policies';
import type { ChainView } from './chain-view.ts';
import type { EvidenceSource } from './evidence-source.ts';

/** Milliseconds between two looks at the logs while an epoch runs. */
const INTERVAL_MS = 5000;

/** Takes over what the logs publish while an epoch runs, so that little is left to check at its end. */
export type LogFollower = (view: ChainView, epoch: EpochNumber) => Promise<void>;

export function openLogFollower(options: {
  readonly policyOf: Policies;
  readonly evidence: EvidenceSource;
  readonly elapsed?: () => number;
}): LogFollower {
  const { elapsed = () => performance.now() } = options;
  let lookedAt = -Infinity;
  return async (view, epoch) => {
    if (elapsed() - lookedAt < INTERVAL_MS) return;
    lookedAt = elapsed();
    try {
      const { policy } = await options.policyOf(policyAt(view.network, epoch).hash);
      await options.evidence.sync(policy.logs);
    } catch {
      // Nothing hangs on it yet: what still fails at the epoch's end is said then.
    }
  };
}
