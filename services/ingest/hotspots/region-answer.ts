import { create, toBinary } from '@bufbuild/protobuf';
import type { ChannelPlan } from '#protocol/geo/regions';
import { keyBytes } from '#protocol/wire/key';
import {
  gateway_region_params_res_v1Schema,
  type gateway_region_params_res_v1,
} from '../../runtime/grpc/generated/iot_config_pb.js';
import { region } from '../../runtime/grpc/generated/region_pb.js';
import type { ConfigKey } from './config-key.ts';

/**
 * gateway_region_params_res_v1 in canonical bytes: the client clears the signature, encodes what it has read once more, and
 * verifies that. So tags ascend, zeros are absent (US915 is 0), and the signature is over the same message without it.
 */
export function encodeRegionAnswer(
  answer: {
    readonly plan: ChannelPlan;
    /** dBi x10. */
    readonly gain: number;
    /** Whole seconds since the Unix epoch. */
    readonly timestamp: number;
  },
  { key, sign }: ConfigKey,
): Uint8Array {
  const { plan } = answer;
  const message = create(gateway_region_params_res_v1Schema, {
    region: region[plan.region],
    params: { regionParams: paramsOf(plan) },
    // The field is unsigned: an antenna that loses more than it gains counts as one without gain.
    gain: BigInt(Math.max(0, answer.gain)),
    timestamp: BigInt(answer.timestamp),
    signer: keyBytes(key),
  });
  return encode({ ...message, signature: sign(encode(message)) });
}

function encode(message: gateway_region_params_res_v1): Uint8Array {
  return toBinary(gateway_region_params_res_v1Schema, message, { writeUnknownFields: false });
}

function paramsOf({ frequencies, bandwidth, maxEirp, spreading }: ChannelPlan) {
  // The enum counts from SF7 = 1.
  const taggedSpreading = spreading.map(({ factor, maxPacketSize }) => ({
    regionSpreading: factor - 6,
    maxPacketSize,
  }));
  return frequencies.map((frequency) => ({
    channelFrequency: BigInt(frequency),
    bandwidth,
    maxEirp,
    spreading: { taggedSpreading },
  }));
}
