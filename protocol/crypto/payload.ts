import { chacha12 } from '@noble/ciphers/chacha.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from '../errors.ts';
import { regionPlan, type ChannelPlan, type Region } from '../geo/regions.ts';

/** Bytes of every beacon payload. */
export const PAYLOAD_BYTES = 51;

export interface Entropy {
  readonly data: Uint8Array;
  /** Whole seconds since the Unix epoch; the local one's is always hashed as 0. */
  readonly timestamp: number;
  /** 0 or 1. */
  readonly version: number;
}

/** What of a channel plan a beacon follows from. */
export type BeaconPlan = Omit<ChannelPlan, 'region' | 'number'>;

export interface DerivedBeacon {
  readonly data: Uint8Array;
  /** Index in the plan. */
  readonly channel: number;
  /** Hz. */
  readonly frequency: bigint;
  /** As in `SF12BW125`. */
  readonly datarate: string;
  /** Whole dBm, conducted. */
  readonly txPower: number;
}

/**
 * What a hotspot must send for its entropies, plan and antenna gain in tenths of a dBi (poc.md 2). Throws
 * malformed_entropy or unsuitable_plan.
 */
export function deriveBeacon(input: {
  readonly remote: Entropy;
  readonly local: Entropy;
  readonly region: Region | BeaconPlan;
  readonly gain: number;
}): DerivedBeacon {
  const plan = typeof input.region === 'string' ? regionPlan(input.region) : input.region;
  const data = payloadOf(input.remote, input.local);
  const [low = 0, high = 0] = data;
  const channel = (low + 256 * high) % plan.frequencies.length;
  const frequency = plan.frequencies[channel];
  if (frequency === undefined)
    throw new ProtocolError('unsuitable_plan', { channels: plan.frequencies.length });
  return {
    data,
    channel,
    frequency: BigInt(frequency),
    datarate: datarateOf(plan),
    txPower: conductedPower(plan, input.gain),
  };
}

/** Power at the antenna connector in whole dBm that the plan allows for a gain; unsuitable_plan below zero. */
export function conductedPower(plan: BeaconPlan, gain: number): number {
  const power = Math.trunc((plan.maxEirp - gain) / 10) + 0;
  if (power < 0) throw new ProtocolError('unsuitable_plan', { max_eirp: plan.maxEirp, gain });
  return power;
}

const NONCE = new Uint8Array(12);
const ZEROS = new Uint8Array(4 * PAYLOAD_BYTES);

/** 51 bytes: the low byte of each 32-bit word of a ChaCha12 keystream, its key the hash of both entropies. */
export function payloadOf(remote: Entropy, local: Entropy): Uint8Array {
  for (const { version } of [remote, local])
    if (version !== 0 && version !== 1) throw new ProtocolError('malformed_entropy', { version });
  const seed = concatBytes(remote.data, int64(remote.timestamp), local.data, int64(0));
  const stream = chacha12(sha256(seed), NONCE, ZEROS);
  const data = new Uint8Array(PAYLOAD_BYTES);
  for (let word = 0; word < PAYLOAD_BYTES; word += 1) data[word] = stream[4 * word] ?? 0;
  return data;
}

const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);

/** i64, little endian. */
export function int64(value: number): Uint8Array {
  scratchView.setBigInt64(0, BigInt(value), true);
  return scratch.slice();
}

function datarateOf(plan: BeaconPlan): string {
  const spreading = plan.spreading.find(({ maxPacketSize }) => maxPacketSize >= PAYLOAD_BYTES);
  if (spreading === undefined)
    throw new ProtocolError('unsuitable_plan', { spreading: plan.spreading.length });
  return `SF${spreading.factor}BW${plan.bandwidth / 1000}`;
}
