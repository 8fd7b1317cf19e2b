import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { BeaconPlan } from '#protocol/crypto/payload';
import type { HotspotKey } from '#protocol/units';
import { gateway_region_params_res_v1Schema as answerSchema } from '../../runtime/grpc/generated/iot_config_pb.js';
import { region_spreading } from '../../runtime/grpc/generated/region_pb.js';
import { verifySignature } from '#services/runtime/signature';
import { checkWire } from './link/check-wire.ts';

/** What a hotspot works by until the next answer. */
export interface RegionParams {
  /** Number in the wire's region enum. */
  readonly region: number;
  readonly plan: BeaconPlan;
  /** dBi x10 */
  readonly gain: number;
  /** The server's clock, seconds since 1970: it seeds the beacon schedule. */
  readonly timestamp: number;
}

export class RegionAnswerError extends Error {
  readonly code = 'region_answer_refused';

  constructor(reason: string) {
    super(`the answer to region_params was refused: ${reason}`);
    this.name = 'RegionAnswerError';
  }
}

const FACTORS: Readonly<Record<number, number>> = {
  [region_spreading.SF7]: 7,
  [region_spreading.SF8]: 8,
  [region_spreading.SF9]: 9,
  [region_spreading.SF10]: 10,
  [region_spreading.SF11]: 11,
  [region_spreading.SF12]: 12,
};

/**
 * Opens an answer as the client does: decode, clear the signature, encode anew and verify that with the configured key. So
 * an explicit zero or an unknown field is refused, and the field `signer` is believed by nobody.
 */
export function openRegionAnswer(bytes: Uint8Array, server: HotspotKey): RegionParams {
  const answer = decoded(bytes);
  const { signature } = answer;
  const cleared = { ...answer, signature: new Uint8Array(0) };
  // What is not known is dropped at every depth.
  const message = toBinary(answerSchema, cleared, { writeUnknownFields: false });
  if (!verifySignature({ key: server, message, signature }))
    throw new RegionAnswerError('its signature is not of the configured key');
  const channels = answer.params?.regionParams ?? [];
  const [first] = channels;
  if (first === undefined) throw new RegionAnswerError('it has no channels');
  const plan: BeaconPlan = {
    frequencies: channels.map(({ channelFrequency }) => Number(channelFrequency)),
    bandwidth: first.bandwidth,
    maxEirp: Math.max(...channels.map(({ maxEirp }) => maxEirp)),
    spreading: (first.spreading?.taggedSpreading ?? []).flatMap(({ regionSpreading, maxPacketSize }) => {
      const factor = FACTORS[regionSpreading];
      return factor === undefined ? [] : [{ factor, maxPacketSize }];
    }),
  };
  const { region, gain, timestamp } = answer;
  return { region, plan, gain: Number(gain), timestamp: Number(timestamp) };
}

function decoded(bytes: Uint8Array) {
  try {
    checkWire(answerSchema, bytes);
    return fromBinary(answerSchema, bytes);
  } catch (error) {
    throw new RegionAnswerError(error instanceof Error ? error.message : 'it cannot be decoded');
  }
}
