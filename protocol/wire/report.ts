import { utf8ToBytes } from '@noble/hashes/utils.js';
import { sha256Hex, type Sha256Hex } from '../crypto/sha256-hex.ts';
import { ProtocolError } from '../errors.ts';
import { ddbm, type Ddbm, type Hash, type HotspotKey } from '../units.ts';
import {
  lengthDelimited,
  readSignedMessage,
  signed32,
  unsigned32,
  unsigned64,
  zigzag32,
  type FieldHandler,
} from './fields.ts';
import { parseKey } from './key.ts';

export type ReportKind = 'beacon' | 'witness';

interface Report {
  readonly key: HotspotKey;
  /** The payload that was on air. */
  readonly data: Uint8Array;
  /** Hz. */
  readonly frequency: bigint;
  /** Number in the wire's data_rate enum; unknown ones are kept. */
  readonly datarate: number;
  /** Nanoseconds by the hotspot's clock: recorded, not judged. */
  readonly timestamp: bigint;
  /** Microseconds of the concentrator's counter: recorded, not judged. */
  readonly tmst: number;
  readonly signature: Uint8Array;
  /** The message as received without its signature field. */
  readonly signedBytes: Uint8Array;
  /** The message as received. */
  readonly bytes: Uint8Array;
}

/** beacon_report_req (poc.md 7). */
export interface BeaconReport extends Report {
  readonly kind: 'beacon';
  readonly localEntropy: Uint8Array;
  /** The remote entropy's data; its timestamp and version are looked up in the evidence. */
  readonly remoteEntropy: Uint8Array;
  readonly channel: number;
  /** Whole dBm, conducted. */
  readonly txPower: number;
}

/** witness_report_req (poc.md 7). */
export interface WitnessReport extends Report {
  readonly kind: 'witness';
  /** RSSI in tenths of a dBm. */
  readonly signal: Ddbm;
  /** Tenths of a dB. */
  readonly snr: number;
}

/** What a hotspot's key or session key signs. */
export type SignedKind = ReportKind | 'session_init' | 'region_params_req';

/** Largest message of each kind in bytes; the longest of fielded hotspots has 226. */
export const REPORT_LIMITS: Readonly<Record<SignedKind, number>> = {
  beacon: 512,
  witness: 512,
  session_init: 512,
  region_params_req: 512,
};

const ID_DOMAIN = utf8ToBytes('coverant/report/v1');
const KIND_BYTE: Readonly<Record<ReportKind, number>> = { beacon: 1, witness: 2 };

/** Decodes a report; throws oversized_report, malformed_report, malformed_key or unsupported_key_type. */
export function openReport(kind: 'beacon', bytes: Uint8Array): BeaconReport;
export function openReport(kind: 'witness', bytes: Uint8Array): WitnessReport;
export function openReport(kind: ReportKind, bytes: Uint8Array): BeaconReport | WitnessReport;
export function openReport(kind: ReportKind, bytes: Uint8Array): BeaconReport | WitnessReport {
  requireSize(kind, bytes);
  return kind === 'beacon' ? openBeacon(bytes) : openWitness(bytes);
}

// One scratch buffer: hashing is synchronous, and a fresh copy would cost as much as a native hash.
const preimage = Uint8Array.of(
  ...ID_DOMAIN,
  ...new Uint8Array(1 + Math.max(REPORT_LIMITS.beacon, REPORT_LIMITS.witness)),
);

/** SHA-256 over domain, kind byte (1 beacon, 2 witness) and signed bytes: the same for every copy of a report. */
export function reportId(
  report: { readonly kind: ReportKind; readonly signedBytes: Uint8Array },
  hash: Sha256Hex = sha256Hex,
): Hash {
  const { kind, signedBytes } = report;
  preimage[ID_DOMAIN.length] = KIND_BYTE[kind];
  preimage.set(signedBytes, ID_DOMAIN.length + 1);
  return hash(preimage.subarray(0, ID_DOMAIN.length + 1 + signedBytes.length));
}

/** Throws oversized_report above the limit of the kind. */
export function requireSize(kind: SignedKind, bytes: Uint8Array): void {
  const limit = REPORT_LIMITS[kind];
  if (bytes.length > limit) throw new ProtocolError('oversized_report', { kind, bytes: bytes.length, limit });
}

const EMPTY: Uint8Array = new Uint8Array(0);

function openBeacon(bytes: Uint8Array): BeaconReport {
  let key: Uint8Array = EMPTY;
  let localEntropy: Uint8Array = EMPTY;
  let remoteEntropy: Uint8Array = EMPTY;
  let data: Uint8Array = EMPTY;
  let frequency = 0n;
  let channel = 0;
  let datarate = 0;
  let txPower = 0;
  let timestamp = 0n;
  let tmst = 0;
  const { signature, signedBytes } = readSigned('beacon', bytes, (field, wire, reader) => {
    if (field === 2) key = lengthDelimited(field, wire, reader);
    else if (field === 3) localEntropy = lengthDelimited(field, wire, reader);
    else if (field === 4) remoteEntropy = lengthDelimited(field, wire, reader);
    else if (field === 5) data = lengthDelimited(field, wire, reader);
    else if (field === 6) frequency = unsigned64(field, wire, reader);
    else if (field === 7) channel = signed32(field, wire, reader);
    else if (field === 8) datarate = signed32(field, wire, reader);
    else if (field === 9) txPower = signed32(field, wire, reader);
    else if (field === 10) timestamp = unsigned64(field, wire, reader);
    else if (field === 12) tmst = unsigned32(field, wire, reader);
    else return false;
    return true;
  });
  return {
    kind: 'beacon',
    key: parseKey(key),
    localEntropy,
    remoteEntropy,
    data,
    frequency,
    channel,
    datarate,
    txPower,
    timestamp,
    tmst,
    signature,
    signedBytes,
    bytes,
  };
}

function openWitness(bytes: Uint8Array): WitnessReport {
  let key: Uint8Array = EMPTY;
  let data: Uint8Array = EMPTY;
  let timestamp = 0n;
  let tmst = 0;
  let signal = 0;
  let snr = 0;
  let frequency = 0n;
  let datarate = 0;
  const { signature, signedBytes } = readSigned('witness', bytes, (field, wire, reader) => {
    if (field === 2) key = lengthDelimited(field, wire, reader);
    else if (field === 3) data = lengthDelimited(field, wire, reader);
    else if (field === 4) timestamp = unsigned64(field, wire, reader);
    else if (field === 5) tmst = unsigned32(field, wire, reader);
    else if (field === 6) signal = zigzag32(field, wire, reader);
    else if (field === 7) snr = signed32(field, wire, reader);
    else if (field === 8) frequency = unsigned64(field, wire, reader);
    else if (field === 10) datarate = signed32(field, wire, reader);
    else return false;
    return true;
  });
  return {
    kind: 'witness',
    key: parseKey(key),
    data,
    frequency,
    datarate,
    timestamp,
    tmst,
    signal: ddbm(signal),
    snr,
    signature,
    signedBytes,
    bytes,
  };
}

function readSigned(
  kind: ReportKind,
  bytes: Uint8Array,
  onField: FieldHandler,
): { readonly signature: Uint8Array; readonly signedBytes: Uint8Array } {
  let signature: Uint8Array = EMPTY;
  const signedBytes = readSignedMessage(bytes, {
    code: 'malformed_report',
    kind,
    signature: 11,
    onSignature: (value) => {
      signature = value;
    },
    onField,
  });
  return { signature, signedBytes };
}
