import { createPrivateKey, sign as signNode } from 'node:crypto';
import { encodeRegister, encodeSessionInit, encodeWitness } from '#protocol/wire/encode';
import { keyType } from '#protocol/wire/key';
import { envelopeOf } from '#services/runtime/grpc/envelope';
import { signingKeyOf } from '#services/runtime/signing-seed';
import { testKey, type TestKey } from '../../protocol/epoch/world.ts';
import type { RawCall, RawClient } from './grpc-client.ts';

export const STREAM_PATH = '/helium.poc_lora.poc_lora/stream_requests';

/** By the curve of the key, as hotspots sign. */
export function signAs({ key, secret }: TestKey, message: Uint8Array): Uint8Array {
  if (keyType(key) === 'ed25519') return signingKeyOf(secret).sign(message);
  const der = Buffer.concat([
    Buffer.from('30310201010420', 'hex'),
    secret,
    Buffer.from('a00a06082a8648ce3d030107', 'hex'),
  ]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'sec1' });
  return new Uint8Array(signNode('sha256', message, privateKey));
}

export function initOf(hotspot: TestKey, nonce: Uint8Array, session: TestKey): Uint8Array {
  const fields = { key: hotspot.key, nonce, sessionKey: session.key };
  return encodeSessionInit({ ...fields, signature: signAs(hotspot, encodeSessionInit(fields)) });
}

/** What a hotspot opens its stream to a router with. */
export function registerOf(hotspot: TestKey): Uint8Array {
  const fields = {
    key: hotspot.key,
    timestamp: BigInt(Date.now()),
    sessionCapable: true,
    packetAckInterval: 0,
  };
  return encodeRegister({ ...fields, signature: signAs(hotspot, encodeRegister(fields)) });
}

/** A witness report of a frame that nobody sent: enough to be taken. */
export function witnessOf(hotspot: TestKey, signer: TestKey, number: number): Uint8Array {
  const fields = {
    key: hotspot.key,
    data: new Uint8Array(52).fill(number & 0xff),
    timestamp: BigInt(number),
    tmst: number,
    signal: -710,
    snr: 117,
    frequency: 867_900_000n,
    datarate: 0,
  };
  return encodeWitness({ ...fields, signature: signAs(signer, encodeWitness(fields)) });
}

/** The nonce of an offer: response { 1 offer { 1 nonce } } (or field 2 of the router's envelope). */
export function nonceOf(offer: Uint8Array | null): Uint8Array {
  if (offer?.length !== 36) throw new Error('that is no offer');
  return offer.slice(4);
}

export interface OpenedSession {
  readonly call: RawCall;
  readonly session: TestKey;
  readonly nonce: Uint8Array;
  readonly init: Uint8Array;
}

/** As the client does it: waits for headers, then for the offer, then sends its session_init. */
export async function openSession(
  client: RawClient,
  hotspot: TestKey,
  name = 'session',
): Promise<OpenedSession> {
  const call = client.call(STREAM_PATH);
  await call.headers;
  const nonce = nonceOf(await call.next());
  const session = testKey(`${name} of ${hotspot.key}`);
  const init = initOf(hotspot, nonce, session);
  call.send(envelopeOf(3, init));
  return { call, session, nonce, init };
}

export async function until<Value>(
  read: () => Promise<Value>,
  holds: (value: Value) => boolean,
): Promise<Value> {
  const end = Date.now() + 5000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error('it never became true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
