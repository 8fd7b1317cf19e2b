import type { SealedEvidence } from '#protocol/evidence/cut';
import type { Policy } from '#protocol/policy';
import type { EpochNumber } from '#protocol/units';
import type { EpochBounds } from '#services/runtime/chain-epoch';

/** The public evidence of a policy's logs, mirrored and verified by this oracle. */
export interface EvidenceSource {
  /** Fetches what the logs have published since; every entry is verified before it is used. */
  sync(logs: Policy['logs']): Promise<void>;
  /** One per log, in the policy's order; throws Outage evidence_late while a log has not published its epoch_close. */
  cut(input: {
    readonly logs: Policy['logs'];
    readonly epoch: EpochNumber;
    readonly bounds: EpochBounds;
  }): Promise<readonly SealedEvidence[]>;
}
