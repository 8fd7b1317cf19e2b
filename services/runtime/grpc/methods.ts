import type { DescMessage } from '@bufbuild/protobuf';
import type { GrpcStream } from './grpc-stream.ts';

/** One message in, one out. The bytes are those that came, except that JSON is encoded canonically first. */
export interface UnaryMethod {
  readonly kind: 'unary';
  /** What JSON callers write and read. */
  readonly request: DescMessage;
  readonly response: DescMessage;
  /** Rejects with a GrpcRefusal to answer with its status. */
  readonly answer: (call: { readonly message: Uint8Array; readonly address: string }) => Promise<Uint8Array>;
}

/** Messages in both directions until it resolves (OK) or rejects (a GrpcRefusal's status). */
export interface StreamMethod {
  readonly kind: 'stream';
  readonly run: (stream: GrpcStream) => Promise<void>;
}

/** By path: `/package.service/method`. */
export type GrpcMethods = ReadonlyMap<string, UnaryMethod | StreamMethod>;
