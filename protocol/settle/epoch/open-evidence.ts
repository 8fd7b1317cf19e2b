import type { EpochFacts } from '../../epoch.ts';
import { ProtocolError, type ErrorContext } from '../../errors.ts';
import { openEvidence, type OpenedEvidence, type SealedEvidence } from '../../evidence/cut.ts';
import { EMPTY_ROOT, type TreeHashes } from '../../evidence/merkle.ts';
import { entryReceivedAt } from '../../evidence/record.ts';
import type { Policy } from '../../policy.ts';

/** What stands for a log that is left out of an epoch: size 0 (evidence.md, "The cut of an epoch"). */
export function withoutEvidence(origin: string): SealedEvidence {
  return { origin, from: 0, left: [], entries: [], size: 0, root: EMPTY_ROOT, sessions: [] };
}

/** Opens the evidence of every log of the policy; evidence_mismatch unless each has its cut and all that belongs to it. */
export function openEpochEvidence(input: {
  readonly facts: Pick<EpochFacts, 'epoch' | 'start' | 'end'>;
  readonly policy: Pick<Policy, 'logs' | 'grace_ms' | 'windows'>;
  readonly evidence: readonly SealedEvidence[];
  readonly hashes?: TreeHashes | undefined;
}): OpenedEvidence[] {
  const { policy, evidence } = input;
  const foreign = evidence.find(({ origin }) => !policy.logs.some((log) => log.origin === origin));
  if (foreign !== undefined) throw mismatch(foreign.origin, { expected: 'a log of the policy' });
  return policy.logs.map(({ origin }) => {
    const [sealed, again] = evidence.filter((candidate) => candidate.origin === origin);
    if (sealed === undefined || again !== undefined)
      throw mismatch(origin, { expected: 'its evidence once' });
    const opened = openEvidence(sealed, input.hashes);
    if (opened.size > 0) requireCut({ ...input, sealed, opened });
    return opened;
  });
}

/**
 * The range ends with the first epoch_close of the epoch, not before its grace, and begins with the last entry from before
 * all that counts (or with entry 0): one cut has one range, because what else it held could enter the state.
 */
function requireCut(input: {
  readonly facts: Pick<EpochFacts, 'epoch' | 'start' | 'end'>;
  readonly policy: Pick<Policy, 'grace_ms' | 'windows'>;
  readonly sealed: SealedEvidence;
  readonly opened: OpenedEvidence;
}): void {
  const { facts, policy, sealed, opened } = input;
  const close = opened.records.find(({ body }) => body.kind === 'epoch_close' && body.epoch === facts.epoch);
  if (close?.index !== opened.size - 1)
    throw mismatch(opened.origin, {
      expected: 'the first epoch_close at the end',
      close: close?.index ?? null,
    });
  const earliest = facts.end * 1000 + policy.grace_ms;
  if (close.receivedAt < earliest)
    throw mismatch(opened.origin, { expected: `a close at ${earliest} or later`, close: close.receivedAt });
  const [first, second] = sealed.entries.slice(0, 2).map((entry) => entryReceivedAt(entry));
  const bound = facts.start * 1000 - policy.windows.identity_ms;
  const complete = opened.from === 0 || (first !== undefined && first < bound);
  const tight = second === undefined || second >= bound;
  if (!complete || !tight)
    throw mismatch(opened.origin, {
      expected: `${complete ? 'no second' : 'a first'} entry before ${bound}`,
      from: opened.from,
    });
}

function mismatch(origin: string, context: ErrorContext): ProtocolError {
  return new ProtocolError('evidence_mismatch', { origin, ...context });
}
