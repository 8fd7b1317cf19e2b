import type { EpochNumber } from '#protocol/units';
import type { CheckName } from './codes.ts';
import { findingOf } from './failures.ts';
import type { EpochFinding, Finding } from './report.ts';

/** Collects what the checks of one epoch, or of the network (epoch null), come to. */
export class Notes {
  readonly #epoch: string | null;
  readonly #put: (finding: EpochFinding) => void;
  #failed = false;

  constructor(epoch: EpochNumber | null, put: (finding: EpochFinding) => void) {
    this.#epoch = epoch === null ? null : epoch.toString();
    this.#put = put;
  }

  /** Whether nothing differed and everything could be checked so far. */
  get agree(): boolean {
    return !this.#failed;
  }

  add(finding: Finding): void {
    this.#failed ||= finding.kind === 'differs' || finding.kind === 'could_not_check';
    this.#put({ ...finding, epoch: this.#epoch });
  }

  /** Runs a check to its end, whatever it is; undefined where it failed, and then the finding says why. */
  async attempt<Value>(check: CheckName, run: () => Promise<Value> | Value): Promise<Value | undefined> {
    try {
      return await run();
    } catch (error) {
      this.add(findingOf(check, error));
      return undefined;
    }
  }

  /** As `attempt`, for a check that answers with its findings. */
  async check(check: CheckName, run: () => Promise<readonly Finding[]> | readonly Finding[]): Promise<void> {
    for (const finding of (await this.attempt(check, run)) ?? []) this.add(finding);
  }
}
