import { randomBytes } from 'node:crypto';
import type { Keypair } from '@solana/web3.js';
import { encodeRouteRequest, privatePartHash, routeMessage } from '#protocol/route/route-request';
import type { Address } from '#protocol/units';
import { signingKeyOf } from '#services/runtime/signing-seed';
import { DEVICE_JOIN_EUI } from '#services/simulate/demo/device';

/** DevAddrs that the device's network server gives out. */
export const DEV_ADDRS = { first: '48000010', last: '4800001f' } as const;
const MAX_COPIES = 2;
const MAX_PACKET_CREDITS = 4;
const VALID_S = 86_400;

/** Registers the owner's route with the router as a new one; the sequence is the time. Throws the router's refusal. */
export async function registerDeviceRoute(options: {
  readonly routeUrl: string;
  readonly network: Address;
  readonly owner: Keypair;
  /** Where packets are posted, and the secret that signs them. */
  readonly server: { readonly url: string; readonly secret: string };
  readonly now: number;
}): Promise<void> {
  const { routeUrl, network, owner, server, now } = options;
  const part = {
    salt: randomBytes(32).toString('hex'),
    euis: [[DEVICE_JOIN_EUI, '*']],
    forward: { kind: 'http', ...server },
  };
  const seconds = Math.floor(now / 1000);
  const request = encodeRouteRequest({
    network,
    owner: owner.publicKey.toBase58() as Address,
    route: 'demo',
    sequence: seconds,
    until: seconds + VALID_S,
    devAddrs: [[Number.parseInt(DEV_ADDRS.first, 16), Number.parseInt(DEV_ADDRS.last, 16)]],
    maxCopies: MAX_COPIES,
    maxPacketCredits: MAX_PACKET_CREDITS,
    private: privatePartHash(part),
  });
  const key = signingKeyOf(owner.secretKey.subarray(0, 32));
  const answer = await fetch(`${routeUrl}/v1/routes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      request: Buffer.from(request).toString('base64'),
      signature: Buffer.from(key.sign(routeMessage(request))).toString('base64'),
      private: part,
    }),
  });
  if (!answer.ok) throw new Error(`the router refused the route: ${await answer.text()}`);
}
