import { readFileSync } from 'node:fs';

/** A signed message of a real hotspot, as test/vectors/gateway-rs.json holds it. */
export interface SignedVector {
  readonly id: string;
  readonly message: string;
  readonly via?: string;
  readonly pub_key_b58: string;
  readonly signer_b58: string;
  readonly signer_is: 'gateway' | 'session';
  readonly raw: string;
  readonly signed_bytes: string;
  readonly signature: string;
  readonly received_ms: number;
  readonly kind?: string;
  readonly session_init_id?: string;
  readonly decoded?: Readonly<Record<string, unknown>>;
}

interface PocReport {
  readonly raw: string;
  readonly pub_key_b58: string;
  readonly received_ms: number;
  readonly session_init: { readonly raw: string } | null;
}

interface Vectors {
  readonly vectors: readonly SignedVector[];
  readonly server_messages: readonly { readonly id: string; readonly raw: string }[];
  readonly poc: readonly {
    readonly run: string;
    readonly entropy: { readonly data: string; readonly timestamp: number; readonly version: number };
    readonly beacon: PocReport;
    readonly witnesses: readonly PocReport[];
  }[];
  readonly add_gateway: readonly {
    readonly pub_key_b58: string;
    readonly signed_bytes: string;
    readonly signature: string;
  }[];
}

/** A report of a run, each once, whether it stands among the messages, the PoCs or both. */
export interface ReportVector {
  readonly kind: 'beacon' | 'witness';
  readonly key: string;
  readonly raw: string;
  readonly receivedAt: number;
  /** Whether a session key signed it. */
  readonly session: boolean;
}

/** Bytes that real hotspots sent. */
export function readVectors(): Vectors {
  return readFixture('gateway-rs.json') as Vectors;
}

/** The JSON of a file in test/vectors. */
export function readFixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../test/vectors/${name}`, import.meta.url), 'utf8'));
}

/** All reports of a run in order of reception. */
export function reportsOfRun(vectors: Vectors, run: string): readonly ReportVector[] {
  const reports = new Map<string, ReportVector>();
  for (const { id, message, raw, pub_key_b58: key, received_ms: receivedAt, via } of vectors.vectors) {
    if (!id.startsWith(`${run}/`)) continue;
    const kind = message === 'beaconReport' ? 'beacon' : message === 'witnessReport' ? 'witness' : null;
    if (kind !== null) reports.set(raw, { kind, key, raw, receivedAt, session: via === 'stream' });
  }
  for (const poc of vectors.poc.filter((each) => each.run === run))
    for (const [at, report] of [poc.beacon, ...poc.witnesses].entries())
      reports.set(report.raw, {
        kind: at === 0 ? 'beacon' : 'witness',
        key: report.pub_key_b58,
        raw: report.raw,
        receivedAt: report.received_ms,
        session: report.session_init !== null,
      });
  return [...reports.values()].sort((a, b) => a.receivedAt - b.receivedAt);
}

/** Session inits of a run's report streams with their reception; the one that has none stands before its first report. */
export function sessionsOfRun(
  vectors: Vectors,
  run: string,
): readonly { readonly raw: string; readonly receivedAt: number }[] {
  const sessions = new Map<string, number>();
  for (const { id, message, raw, received_ms: receivedAt } of vectors.vectors)
    if (id.startsWith(`${run}/`) && message === 'pocSessionInit') sessions.set(raw, receivedAt);
  for (const poc of vectors.poc.filter((each) => each.run === run))
    for (const { session_init: init, received_ms: receivedAt } of [poc.beacon, ...poc.witnesses])
      if (init !== null)
        sessions.set(init.raw, Math.min(sessions.get(init.raw) ?? receivedAt - 1, receivedAt - 1));
  return [...sessions].map(([raw, receivedAt]) => ({ raw, receivedAt }));
}
