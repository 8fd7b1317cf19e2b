import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { framed, unframed } from '#services/simulate/hotspot/link/grpc-channel';
import { lora_stream_request_v1Schema } from '../../../services/runtime/grpc/generated/poc_lora_pb.js';
import {
  envelope_down_v1Schema,
  envelope_up_v1Schema,
} from '../../../services/runtime/grpc/generated/packet_router_pb.js';
import { serverMessage } from './vectors.ts';

/** What a hotspot sent, as it came: the whole message of a call or a stream. */
export interface Received {
  readonly path: string;
  readonly message: Uint8Array;
  readonly at: number;
  /** Which stream of its path it came on. */
  readonly stream: number;
  readonly headers: IncomingHttpHeaders;
}

export interface FakeNetwork {
  readonly uri: string;
  readonly received: readonly Received[];
  /** How often each path was called. */
  readonly calls: (path: string) => number;
  /** Answers of unary calls by path; a status number is an error. */
  readonly answers: Map<string, Uint8Array | number>;
  /** What is written on each new stream at once; `null`: not even headers. */
  greeting: (path: string) => readonly Uint8Array[] | null;
  /** Writes on the streams of a path that are open. */
  readonly write: (path: string, message: Uint8Array) => void;
  /** Ends the streams of a path. */
  readonly end: (path: string) => void;
  readonly close: () => Promise<void>;
}

export const PATHS = {
  region: '/helium.iot_config.gateway/region_params',
  entropy: '/helium.poc_entropy.poc_entropy/entropy',
  beacon: '/helium.poc_lora.poc_lora/submit_lora_beacon',
  witness: '/helium.poc_lora.poc_lora/submit_lora_witness',
  stream: '/helium.poc_lora.poc_lora/stream_requests',
  route: '/helium.packet_router.packet/route',
} as const;

const STREAMS: readonly string[] = [PATHS.stream, PATHS.route];
const HEADERS = { ':status': 200, 'content-type': 'application/grpc' };

/** A server that answers what the real clients accepted, and keeps what it receives. */
export async function openFakeNetwork(): Promise<FakeNetwork> {
  const server = createServer();
  const received: Received[] = [];
  const counts = new Map<string, number>();
  const open = new Map<string, Set<ServerHttp2Stream>>();
  const answers = new Map<string, Uint8Array | number>([
    [PATHS.region, serverMessage('main3/region_params_response')],
    [PATHS.entropy, serverMessage('main3/entropy_response')],
    [PATHS.beacon, new Uint8Array(0)],
    [PATHS.witness, new Uint8Array(0)],
  ]);
  const network: FakeNetwork = {
    uri: '',
    received,
    calls: (path) => counts.get(path) ?? 0,
    answers,
    greeting: (path) =>
      path === PATHS.stream
        ? [serverMessage('main3/poc_stream_offer')]
        : [serverMessage('main3/router_session_offer')],
    write: (path, message) => {
      for (const stream of open.get(path) ?? []) stream.write(framed(message));
    },
    end: (path) => {
      for (const stream of open.get(path) ?? []) stream.end();
    },
    close: async () => {
      for (const streams of open.values()) for (const stream of streams) stream.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  const withStatus = (stream: ServerHttp2Stream, status: number): void => {
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': String(status) });
    });
  };
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    const number = (counts.get(path) ?? 0) + 1;
    counts.set(path, number);
    stream.on('error', () => undefined);
    const read = unframed(
      (message) => received.push({ path, message, at: Date.now(), stream: number, headers }),
      () => stream.destroy(),
    );
    stream.on('data', read);
    if (STREAMS.includes(path)) {
      const messages = network.greeting(path);
      if (messages === null) return;
      const streams = open.get(path) ?? new Set();
      open.set(path, streams.add(stream));
      stream.on('close', () => streams.delete(stream));
      withStatus(stream, 0);
      stream.respond(HEADERS, { waitForTrailers: true });
      for (const message of messages) stream.write(framed(message));
      return;
    }
    stream.on('end', () => {
      const answer = answers.get(path) ?? 12;
      withStatus(stream, typeof answer === 'number' ? answer : 0);
      stream.respond(HEADERS, { waitForTrailers: true });
      stream.end(typeof answer === 'number' ? undefined : framed(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(network, { uri: `http://127.0.0.1:${address.port}` });
}

/** A report stream's request: its case and the message's own bytes as they stood in the envelope. */
export function openRequest({ message }: Received): {
  readonly kind: string | undefined;
  readonly bytes: Uint8Array;
} {
  return { kind: fromBinary(lora_stream_request_v1Schema, message).request.case, bytes: inner(message) };
}

export function openUp({ message }: Received): {
  readonly kind: string | undefined;
  readonly bytes: Uint8Array;
} {
  return { kind: fromBinary(envelope_up_v1Schema, message).data.case, bytes: inner(message) };
}

/** A downlink for two windows by the concentrator's counter. */
export function packetDown(of: {
  readonly payload: Uint8Array;
  readonly rx1: { readonly timestamp: bigint; readonly frequency: number; readonly datarate: number };
  readonly rx2: { readonly timestamp: bigint; readonly frequency: number; readonly datarate: number };
}): Uint8Array {
  const data = { case: 'packet', value: of } as const;
  return toBinary(envelope_down_v1Schema, create(envelope_down_v1Schema, { data }));
}

function inner(message: Uint8Array): Uint8Array {
  let at = 1;
  while ((message[at] ?? 0) >= 0x80) at += 1;
  return message.subarray(at + 1);
}
