import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base58, base64 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import { TableWriter } from '../settle/bytes/byte-table.ts';
import type { Address } from '../units.ts';
import type { VerifySignature } from '../verify/poc.ts';
import { addressKey } from './route-request.ts';

/** Seconds by which the time of a read request may differ from the server's. */
export const READ_REQUEST_S = 60;

const DOMAIN = utf8ToBytes('coverant/read/v1');
const HEADER = /^Coverant ([1-9A-HJ-NP-Za-km-z]{32,44}) (0|[1-9]\d{0,11}) ([A-Za-z0-9+/]{86}==)$/;

/** What somebody asks to read: path and query as they stand in the request line, and Unix seconds. */
export interface ReadRequest {
  readonly network: Address;
  readonly path: string;
  readonly seconds: number;
}

/** The bytes to sign: `"coverant/read/v1" || network 32 || u64 LE seconds || path`. */
export function readMessage({ network, path, seconds }: ReadRequest): Uint8Array {
  const fixed = new TableWriter().address(network).u64(BigInt(seconds)).finish();
  return concatBytes(DOMAIN, fixed, utf8ToBytes(path));
}

/** The Authorization header of who signed `readMessage`. */
export function readHeader(signed: {
  readonly reader: Address;
  readonly seconds: number;
  readonly signature: Uint8Array;
}): string {
  return `Coverant ${signed.reader} ${signed.seconds} ${base64.encode(signed.signature)}`;
}

/** Who signed a request's Authorization header; throws unauthorized_read. `now` in Unix seconds. */
export function openReadHeader(
  header: string | undefined,
  request: {
    readonly network: Address;
    readonly path: string;
    readonly now: number;
    readonly verify: VerifySignature;
  },
): Address {
  const [, address = '', text = '', encoded = ''] = HEADER.exec(header ?? '') ?? [];
  const seconds = Number(text);
  if (address === '' || base58.decode(address).length !== 32)
    throw new ProtocolError('unauthorized_read', { expected: 'the header' });
  if (Math.abs(request.now - seconds) > READ_REQUEST_S)
    throw new ProtocolError('unauthorized_read', { seconds, now: Math.floor(request.now) });
  const reader = address as Address;
  const { network, path } = request;
  const message = readMessage({ network, path, seconds });
  if (!request.verify({ key: addressKey(reader), message, signature: signatureOf(encoded) }))
    throw new ProtocolError('unauthorized_read', { reader, expected: 'its signature' });
  return reader;
}

/** Text with other bits in its last digit is no base64 to the decoder: no signature then. */
function signatureOf(encoded: string): Uint8Array {
  try {
    return base64.decode(encoded);
  } catch {
    return new Uint8Array(0);
  }
}
