import {
  decrypt,
  decryptJoinAccept,
  generateSessionKeys10,
  LoraPacket,
  requireFrame,
  verifyMIC,
  type SessionKeys,
} from './packets.ts';

/** What a LoRaWAN 1.0 device is made with (LoRaWAN 1.0.4, 6.2.1); buffers are in the order in which people write them. */
export interface DeviceKeys {
  /** 8 bytes each. */
  readonly devEui: Buffer;
  readonly joinEui: Buffer;
  /** 16 bytes. */
  readonly appKey: Buffer;
}

/** A device that joins over the air, sends and is told things; it knows nothing of radio or time. */
export interface LorawanDevice {
  joinRequest(): Buffer;
  /** Takes the frame that answers the last join request; throws where it is not for this device. */
  join(frame: Uint8Array): void;
  readonly joined: boolean;
  /** Unconfirmed data on a port; throws before it has joined. */
  uplink(payload: Uint8Array, port: number): Buffer;
  /** The application's bytes of a frame that is for this device; null for any other. */
  downlink(frame: Uint8Array): Buffer | null;
}

export function openLorawanDevice(keys: DeviceKeys): LorawanDevice {
  let session: (SessionKeys & { readonly devAddr: Buffer }) | null = null;
  let devNonce = 0;
  let frames = 0;
  return {
    joinRequest: () => {
      devNonce += 1;
      const fields = { MType: 'Join Request', AppEUI: keys.joinEui, DevEUI: keys.devEui };
      return requireFrame(
        LoraPacket.fromFields(
          { ...fields, DevNonce: nonceBytes(devNonce) },
          undefined,
          undefined,
          keys.appKey,
        ),
      );
    },
    join: (frame) => {
      const accept = LoraPacket.fromWire(
        decryptJoinAccept(LoraPacket.fromWire(Buffer.from(frame)), keys.appKey),
      );
      const { AppNonce, NetID, DevAddr } = accept;
      if (!accept.isJoinAcceptMessage() || !verifyMIC(accept, undefined, keys.appKey))
        throw new Error('the join accept is not for this device');
      if (AppNonce === undefined || NetID === undefined || DevAddr === undefined)
        throw new Error('the join accept is incomplete');
      const made = generateSessionKeys10(keys.appKey, NetID, AppNonce, nonceBytes(devNonce));
      session = { appSKey: made.AppSKey, nwkSKey: made.NwkSKey, devAddr: DevAddr };
      frames = 0;
    },
    get joined() {
      return session !== null;
    },
    uplink: (payload, port) => {
      if (session === null) throw new Error('the device has not joined');
      const fields = { MType: 'Unconfirmed Data Up', DevAddr: session.devAddr, FPort: port, FCnt: frames };
      frames += 1;
      const { appSKey, nwkSKey } = session;
      return requireFrame(
        LoraPacket.fromFields({ ...fields, payload: Buffer.from(payload) }, appSKey, nwkSKey),
      );
    },
    downlink: (frame) => {
      const packet = LoraPacket.fromWire(Buffer.from(frame));
      if (session === null || !packet.isDataMessage() || packet.getDir() !== 'down') return null;
      const { appSKey, nwkSKey, devAddr } = session;
      if (packet.DevAddr?.equals(devAddr) !== true || !verifyMIC(packet, nwkSKey)) return null;
      return decrypt(packet, appSKey, nwkSKey);
    },
  };
}

function nonceBytes(nonce: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(nonce);
  return bytes;
}
