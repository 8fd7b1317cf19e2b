import { checkPoc } from '#protocol/verify/check-poc';
import type { CheckedPoc } from '#protocol/verify/checked-poc';
import type { VerifySignature } from '#protocol/verify/poc';
import { nativeSha256Hex as sha256Hex } from '../runtime/evidence/native-hash.ts';
import type { CheckTask } from './check-job.ts';

/** Everything about the task's groups that needs no state; the same in a worker and in fold. */
export function checkTask(task: CheckTask, verify: VerifySignature): readonly CheckedPoc[] {
  const { registry, policy, deny, epoch, entropies } = task;
  const facts = { registry, policy, deny, epoch, entropies, verify, sha256Hex };
  return task.groups.map((group) => checkPoc({ ...facts, group }));
}
