import type { Cell, Hash, HotspotKey, Millis } from '../units.ts';
import type { BeaconReport, WitnessReport } from '../wire/report.ts';
import type { Reason } from './reasons.ts';

/** A record's place: order everywhere is (receivedAt, origin in byte order, index). */
export interface Position {
  readonly receivedAt: Millis;
  readonly origin: string;
  readonly index: number;
}

/** A decoded report as it stands in a log, with the key that must have signed it (gateway or session key). */
export interface LoggedReport {
  readonly position: Position;
  readonly report: BeaconReport | WitnessReport;
  /** Tagged 33-byte key; null where the session it names is missing, not of this gateway, too old or badly signed. */
  readonly signer: HotspotKey | null;
}

/**
 * Reports of one payload, in order of position, as the grouper puts them out. `poc`: a beacon and what came with it.
 * `loose`: one report that belongs to no PoC (a badly signed one, or one after its payload's PoC was closed). `stale`:
 * one witness report that met no beacon.
 */
export interface PocGroup {
  readonly kind: 'poc' | 'loose' | 'stale';
  /** The payload's bytes in hex. */
  readonly payload: string;
  /** Index in `reports` of the first well-signed beacon; null where there is none. */
  readonly beacon: number | null;
  readonly reports: readonly LoggedReport[];
}

/** What holds for a hotspot during one epoch; nanodegrees and dBi x10 are integers. */
export interface HotspotFacts {
  readonly key: HotspotKey;
  readonly mode: 'full' | 'data_only';
  readonly status: 'active' | 'quarantined';
  readonly tier: 'open' | 'endorsed' | 'bonded';
  readonly cell: Cell | null;
  readonly latitude: number;
  readonly longitude: number;
  readonly gain: number;
  readonly elevation: number;
  /** Seconds since the Unix epoch, by the chain's clock. */
  readonly registeredAt: number;
}

export type Registry = ReadonlyMap<HotspotKey, HotspotFacts>;

/** An entropy that stands in the evidence. */
export interface EntropyFact {
  /** 32 bytes in hex. */
  readonly data: string;
  /** Whole seconds since the Unix epoch. */
  readonly timestamp: number;
  readonly version: number;
  readonly receivedAt: Millis;
}

export type Side = 'beaconer' | 'witness';
/** The values behind a verdict; JSON-safe, u64 as decimal strings. */
export type Numbers = Readonly<Record<string, string | number | null>>;

export interface Objection {
  readonly reason: Reason;
  readonly side: Side;
  readonly numbers: Numbers;
}

/** One report's verdict: valid where `reason` is null. */
export interface ReportVerdict {
  readonly kind: 'beacon' | 'witness';
  readonly position: Position;
  /** SHA-256 over kind and signed bytes (wire/report.ts reportId). */
  readonly reportId: Hash;
  readonly key: HotspotKey;
  readonly reason: Reason | null;
  readonly side: Side | null;
  readonly numbers: Numbers;
  /** Witnesses only: whether the pair is one of those that are paid. */
  readonly selected: boolean;
  /** Why a valid witness is not selected. */
  readonly note: 'untrusted_pair' | 'not_selected' | null;
}

/** Verdicts of one group: the beacon, its witnesses in order, and reports of the payload that attach to nothing. */
export interface PocVerdict {
  readonly payload: string;
  /** null for groups without a beacon, and where this beacon was judged before. */
  readonly beacon: ReportVerdict | null;
  readonly witnesses: readonly ReportVerdict[];
  /** bad_signature, duplicate beacons, unregistered, too_late or stale witnesses. */
  readonly others: readonly ReportVerdict[];
}

/** The three clocks of a hotspot (poc.md 3); null = never. */
export interface Clocks {
  readonly lastBeacon: Millis | null;
  readonly lastBeaconRecip: Millis | null;
  readonly lastWitness: Millis | null;
}

/** A beacon that was judged lately: identity is remembered for 181 s of log time. */
export interface RecentPoc {
  readonly payload: string;
  /** The beacon's id. */
  readonly reportId: Hash;
  /** The beacon's reception. */
  readonly receivedAt: Millis;
  /** Ids of the payload's other well-signed reports that have a verdict, in order of judgement; grows in place. */
  readonly seen: Set<Hash>;
}

/** What `advance` reads and moves; maps are changed in place by their owner only. */
export interface PocState {
  readonly clocks: Map<HotspotKey, Clocks>;
  /** By entropy data. */
  readonly entropies: Map<string, EntropyFact>;
  /** By payload. */
  readonly recent: Map<string, RecentPoc>;
}

/** Strict verifier (poc.md 1): ed25519 64 raw bytes, P-256 DER; never throws, false for anything malformed. */
export type VerifySignature = (input: {
  readonly key: HotspotKey;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}) => boolean;
