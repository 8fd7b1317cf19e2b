import type { PocVerdict } from '#protocol/verify/poc';

/** Queue `verdicts`: what fold hands to the read model. Applying one twice, or an older one late, must be harmless. */
export interface VerdictsJob {
  readonly verdicts: readonly ProvisionalVerdict[];
}

export interface ProvisionalVerdict {
  /** Decimal number of the epoch that the PoC belongs to by its beacon, or for orphans by reception. */
  readonly epoch: string;
  readonly verdict: PocVerdict;
}
