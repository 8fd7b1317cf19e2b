import { create, toBinary } from '@bufbuild/protobuf';
import { openReport, reportId, type ReportKind } from '#protocol/wire/report';
import {
  gateway_region_params_req_v1Schema,
  gateway_region_params_res_v1Schema,
} from '../../runtime/grpc/generated/iot_config_pb.js';
import {
  entropy_report_v1Schema,
  entropy_req_v1Schema,
} from '../../runtime/grpc/generated/poc_entropy_pb.js';
import {
  lora_beacon_report_req_v1Schema,
  lora_beacon_report_resp_v1Schema,
  lora_witness_report_req_v1Schema,
  lora_witness_report_resp_v1Schema,
} from '../../runtime/grpc/generated/poc_lora_pb.js';
import { readEnvelope } from '../../runtime/grpc/envelope.ts';
import type { GrpcMethods, StreamMethod, UnaryMethod } from '../../runtime/grpc/methods.ts';
import type { EntropyService } from '../entropy.ts';
import { grpcRefusalOf, refusal } from '../refusals.ts';
import type { ReportDoor } from './report-door.ts';

const ENTROPY_RETRY_S = 5;

/** What hotspots call, by path (gateway.md). */
export function hotspotMethods(context: {
  readonly regionParams: (message: Uint8Array) => Promise<Uint8Array>;
  readonly entropy: Pick<EntropyService, 'current'>;
  readonly door: Pick<ReportDoor, 'enter' | 'takeUnary'>;
  readonly reportStreams: StreamMethod;
}): GrpcMethods {
  const { door } = context;
  const regionParams: UnaryMethod = {
    kind: 'unary',
    request: gateway_region_params_req_v1Schema,
    response: gateway_region_params_res_v1Schema,
    answer: async ({ message, address }) => {
      door.enter(address);
      return context.regionParams(message);
    },
  };
  const entropy: UnaryMethod = {
    kind: 'unary',
    request: entropy_req_v1Schema,
    response: entropy_report_v1Schema,
    // eslint-disable-next-line @typescript-eslint/require-await -- it rejects, as every method does
    answer: async ({ message }) => {
      // It has no fields; what cannot be read is no message all the same.
      readEnvelope(message, []);
      const current = context.entropy.current();
      if (current === null) throw grpcRefusalOf(refusal('entropy_unavailable', null), ENTROPY_RETRY_S);
      const { data, timestamp, version } = current;
      return toBinary(
        entropy_report_v1Schema,
        create(entropy_report_v1Schema, { data, timestamp: BigInt(timestamp), version }),
      );
    },
  };
  const submit = async (
    kind: ReportKind,
    { message: bytes, address }: { readonly message: Uint8Array; readonly address: string },
  ): Promise<string> => {
    await door.takeUnary({ kind, bytes, address });
    return reportId(openReport(kind, bytes));
  };
  const submitBeacon: UnaryMethod = {
    kind: 'unary',
    request: lora_beacon_report_req_v1Schema,
    response: lora_beacon_report_resp_v1Schema,
    answer: async (call) => {
      const id = await submit('beacon', call);
      return toBinary(lora_beacon_report_resp_v1Schema, create(lora_beacon_report_resp_v1Schema, { id }));
    },
  };
  const submitWitness: UnaryMethod = {
    kind: 'unary',
    request: lora_witness_report_req_v1Schema,
    response: lora_witness_report_resp_v1Schema,
    answer: async (call) => {
      const id = await submit('witness', call);
      return toBinary(lora_witness_report_resp_v1Schema, create(lora_witness_report_resp_v1Schema, { id }));
    },
  };
  return new Map<string, UnaryMethod | StreamMethod>([
    ['/helium.iot_config.gateway/region_params', regionParams],
    ['/helium.poc_entropy.poc_entropy/entropy', entropy],
    ['/helium.poc_lora.poc_lora/submit_lora_beacon', submitBeacon],
    ['/helium.poc_lora.poc_lora/submit_lora_witness', submitWitness],
    ['/helium.poc_lora.poc_lora/stream_requests', context.reportStreams],
  ]);
}
