import type { SealedEvidence } from '#protocol/evidence/cut';
import type { EpochNumber } from '#protocol/units';
import { entropiesIn, type EntropyCheck, type EntropyVerdict } from '#services/runtime/entropy-check';
import type { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import type { Logger } from '#services/runtime/logger';
import type { Metrics } from '#services/runtime/metrics';
import { Outage } from '#services/runtime/outage';

/** Whether the entropies of the logs are the chain's. */
export interface EntropyGuard {
  /** Compares the newest ones of what a log gained, so that an epoch's end finds them compared; never rejects. */
  readonly ahead: (origin: string, tree: VerifiedTree, gained: number) => Promise<void>;
  /**
   * Throws Outage entropy_differs where the evidence of an epoch holds one that the chain contradicts: nothing of it
   * must be attested then. Of an epoch that is final already it only says so. What is not known is counted and said;
   * what the node cannot know yet is waited for (chain_behind).
   */
  require(
    evidence: readonly SealedEvidence[],
    epoch: { readonly number: EpochNumber; readonly isFinal: boolean },
  ): Promise<void>;
}

interface Place {
  readonly origin: string;
  readonly index: number;
}

/** Entries looked through when a log has grown; what is older is compared with its epoch. */
const AHEAD_ENTRIES = 4096;
/** Differences whose saying is remembered. */
const REMEMBERED = 1000;

export function openEntropyGuard(options: {
  readonly check: EntropyCheck;
  readonly metrics: Metrics;
  readonly logger: Logger;
}): EntropyGuard {
  const { check, logger } = options;
  const said = new Set<string>();
  const counted = options.metrics.counter(
    'entropies',
    'Entropies of epochs, by what the chain says of them',
    ['verdict'],
  );

  function say({ origin, index }: Place, verdict: Extract<EntropyVerdict, { kind: 'differs' }>): void {
    const place = `${origin} ${index}`;
    if (said.has(place)) return;
    if (said.size >= REMEMBERED) said.clear();
    said.add(place);
    counted.inc({ verdict: 'differs' });
    const { field, found, expected } = verdict;
    logger.error({ origin, index, field, found, expected }, 'an entropy is not what the chain says');
  }

  return {
    async ahead(origin, tree, gained) {
      const from = Math.max(tree.size - gained, tree.size - AHEAD_ENTRIES, 0);
      const places = entropiesIn(await tree.entries(from, tree.size), from);
      const verdicts = await check.check(places);
      for (const [at, place] of places.entries()) {
        const verdict = verdicts[at];
        if (verdict?.kind === 'differs') say({ origin, index: place.index }, verdict);
      }
    },
    async require(evidence, { number, isFinal }) {
      const places = evidence.flatMap(({ origin, from, entries }) =>
        entropiesIn(entries, from).map((entropy) => ({ ...entropy, origin })),
      );
      const verdicts = await check.check(places, true);
      const unknown = verdicts.filter((verdict) => verdict.kind === 'unknown');
      let refusal: Outage | null = null;
      for (const [at, place] of places.entries()) {
        const verdict = verdicts[at];
        if (verdict?.kind !== 'differs') continue;
        say(place, verdict);
        const { field, found, expected } = verdict;
        const { origin, index } = place;
        refusal ??= new Outage('entropy_differs', { epoch: number, origin, index, field, found, expected });
      }
      const early = unknown.find(({ isEarly }) => isEarly === true);
      if (early !== undefined) refusal ??= new Outage('chain_behind', { epoch: number, why: early.why });
      if (refusal !== null && !isFinal) throw refusal;
      counted.inc({ verdict: 'ok' }, places.length - unknown.length);
      counted.inc({ verdict: 'unknown' }, unknown.length);
      if (unknown.length > 0)
        logger.warn(
          { epoch: number.toString(), unknown: unknown.length, of: places.length, why: unknown[0]?.why },
          'the node does not know the blocks of some entropies',
        );
    },
  };
}
