import type { CarriedSession, SealedEvidence } from '#protocol/evidence/cut';
import { CompactRange, leafHash } from '#protocol/evidence/merkle';
import { inclusionProof } from '#protocol/evidence/proof';
import { decodeRecord, encodeRecord, type EvidenceBody } from '#protocol/evidence/record';
import type { EpochFacts } from '#protocol/epoch';
import { millis } from '#protocol/units';
import { DEFAULT_POLICY } from '#protocol/policy';

/** A record to come; a report may name another event as its session. */
export interface LogEvent {
  readonly receivedAt: number;
  readonly body: EvidenceBody;
  readonly session?: LogEvent;
}

/** One log's events in any order; built, they are a log as an ingest writes it. */
export class TestLog {
  readonly origin: string;
  readonly #events: LogEvent[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  add(event: LogEvent): LogEvent {
    this.#events.push(event);
    return event;
  }

  /** Entries in order of reception; equal times keep the order in which they were added. */
  entries(): Uint8Array[] {
    const inOrder = [...this.#events].sort((a, b) => a.receivedAt - b.receivedAt);
    return inOrder.map(({ receivedAt, body, session }) => {
      const named = session === undefined ? null : inOrder.indexOf(session);
      const withSession =
        body.kind === 'beacon' || body.kind === 'witness' ? { ...body, session: named } : body;
      return encodeRecord({ receivedAt: millis(receivedAt), body: withSession });
    });
  }

  /** The evidence of an epoch as an oracle takes it out of the log. */
  seal(facts: Pick<EpochFacts, 'epoch' | 'start'>): SealedEvidence {
    const all = this.entries();
    const records = all.map(decodeRecord);
    const close = records.findIndex(({ body }) => body.kind === 'epoch_close' && body.epoch === facts.epoch);
    const size = close + 1;
    const bound = facts.start * 1000 - DEFAULT_POLICY.windows.identity_ms;
    const from = Math.max(
      0,
      records.findLastIndex(({ receivedAt }) => receivedAt < bound),
    );
    const leaves = all.slice(0, size).map(leafHash);
    const left = new CompactRange();
    for (const leaf of leaves.slice(0, from)) left.append(leaf);
    const whole = left.clone();
    for (const leaf of leaves.slice(from)) whole.append(leaf);
    const named = records.slice(from, size).flatMap(({ body }) => ('session' in body ? [body.session] : []));
    const carried = [...new Set(named)].filter((index) => index !== null && index < from);
    const sessions = carried.flatMap((index): CarriedSession[] => {
      const entry = index === null ? undefined : all[index];
      return index === null || entry === undefined
        ? []
        : [{ index, entry, proof: inclusionProof(leaves, index) }];
    });
    const entries = all.slice(from, size);
    return { origin: this.origin, from, left: left.hashes, entries, size, root: whole.root(), sessions };
  }
}
