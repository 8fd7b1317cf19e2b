import { createRequire } from 'node:module';
import { decrypt, decryptJoinAccept, generateSessionKeys10 } from 'lora-packet/out/lib/crypto.js';
import type Packets from 'lora-packet/out/lib/LoraPacket.js';
import { verifyMIC } from 'lora-packet/out/lib/mic.js';

// Its default export is one thing for Node and another one for bundlers: asked for as what it is, a CommonJS module.
const { default: LoraPacket } = createRequire(import.meta.url)(
  'lora-packet/out/lib/LoraPacket.js',
) as typeof Packets;

export { decrypt, decryptJoinAccept, generateSessionKeys10, LoraPacket, verifyMIC };

/** A built packet's PHYPayload. */
export function requireFrame(built: InstanceType<typeof LoraPacket>): Buffer {
  const frame = built.getPHYPayload();
  if (frame === undefined) throw new Error('the packet has no PHYPayload');
  return Buffer.from(frame);
}

/** What a device and its network server derive from a join (LoRaWAN 1.0.4, 6.2.6); 16 bytes each. */
export interface SessionKeys {
  readonly appSKey: Buffer;
  readonly nwkSKey: Buffer;
}
