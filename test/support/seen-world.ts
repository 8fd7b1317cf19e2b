import { observe, type Observed, type Reception, type SeenPoc } from '#protocol/deny/classifiers/observed';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { epochNumber, millis, type HotspotKey } from '#protocol/units';
import type { HotspotFacts } from '#protocol/verify/poc';

/** What a witness's report says, by default a good one 2.5 s after the beacon's in the same log. */
export interface SeenReport {
  readonly by: HotspotFacts;
  /** Tenths of a dBm; null: far away, or refused before it was measured. */
  readonly signal?: number | null;
  readonly margin?: number;
  /** Milliseconds after the beacon's report. */
  readonly lag?: number;
  readonly origin?: string;
}

const LOG = 'seen/log';
/** Of an SF12 frame, and what it takes to the log. */
export const USUAL_LAG = 2_500;

/** Beacons and receptions as verdicts leave them, one epoch after another. */
export class SeenWorld {
  readonly #policy: Policy;
  readonly #facts = new Map<HotspotKey, HotspotFacts>();
  readonly #pocs: SeenPoc[] = [];
  #next = 0;

  constructor(policy: Partial<Policy> = {}) {
    this.#policy = { ...DEFAULT_POLICY, ...policy };
  }

  beacon(from: HotspotFacts, reports: readonly SeenReport[]): SeenPoc {
    this.add(from, ...reports.map(({ by }) => by));
    const at = 1_000_000 + 60_000 * this.#next;
    const poc: SeenPoc = {
      epoch: epochNumber(0n),
      key: from.key,
      position: this.#position(at, LOG),
      witnesses: reports.map((report): Reception => {
        const { by, signal = -1100, margin = 200, lag = USUAL_LAG, origin = LOG } = report;
        const position = this.#position(at + lag, origin);
        return {
          epoch: epochNumber(0n),
          key: by.key,
          position,
          signal,
          margin: signal === null ? null : margin,
        };
      }),
    };
    this.#pocs.push(poc);
    return poc;
  }

  /** Hotspots of the registry that need not send anything. */
  add(...hotspots: readonly HotspotFacts[]): void {
    for (const facts of hotspots) this.#facts.set(facts.key, facts);
  }

  observed(): Observed {
    const epoch = { epoch: epochNumber(0n), registry: this.#facts, pocs: this.#pocs };
    return observe({ policy: this.#policy, epochs: [epoch] });
  }

  #position(receivedAt: number, origin: string) {
    this.#next += 1;
    return { receivedAt: millis(receivedAt), origin, index: this.#next };
  }
}
