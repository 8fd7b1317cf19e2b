import type { DeviceKeys } from './device.ts';
import {
  decrypt,
  generateSessionKeys10,
  LoraPacket,
  requireFrame,
  verifyMIC,
  type SessionKeys,
} from './packets.ts';

/** What came of a frame, and what goes back to the device; null: nothing does. */
export type Heard =
  | { readonly kind: 'join'; readonly devAddr: string; readonly answer: Buffer }
  | {
      readonly kind: 'data';
      readonly devAddr: string;
      readonly payload: Buffer;
      /** For the device's receive windows after this frame. */
      readonly answer: Buffer;
    };

/** The least of a LoRaWAN 1.0 network server: it lets its devices join, reads their data and answers each frame. */
export interface NetworkServer {
  /** Throws for a frame that is of none of its devices, or copied. */
  hear(frame: Uint8Array): Heard;
}

/** DLSettings: RX1 offset 0, RX2 at data rate 0; RxDelay: one second. */
const RECEIVE = { DLSettings: 0x00, RxDelay: 0x01 };
const DOWNLINK_PORT = 1;

export function openNetworkServer(options: {
  readonly devices: readonly DeviceKeys[];
  /** 3 bytes. */
  readonly netId: Buffer;
  /** The address that the first device to join gets, as 8 hex digits; the next ones follow. */
  readonly firstDevAddr: string;
  /** What the application answers to a payload. */
  readonly answer: (payload: Buffer) => Uint8Array;
}): NetworkServer {
  const { devices, netId } = options;
  const sessions = new Map<string, SessionKeys & { downlinks: number; lastFrame: number }>();
  const used = new Set<string>();
  let joins = 0;

  function join(packet: InstanceType<typeof LoraPacket>): Heard {
    const { DevEUI, JoinEUI, DevNonce } = packet;
    const keys = devices.find(({ devEui, joinEui }) => DevEUI?.equals(devEui) && JoinEUI.equals(joinEui));
    if (keys === undefined || DevNonce === undefined) throw new Error('a join request of no device');
    if (!verifyMIC(packet, undefined, keys.appKey)) throw new Error('a join request with a bad MIC');
    const nonce = `${keys.devEui.toString('hex')} ${DevNonce.toString('hex')}`;
    if (used.has(nonce)) throw new Error('a join request that was used before');
    used.add(nonce);
    joins += 1;
    const devAddr = Buffer.alloc(4);
    devAddr.writeUInt32BE(Number.parseInt(options.firstDevAddr, 16) + joins - 1);
    const appNonce = Buffer.alloc(3);
    appNonce.writeUIntBE(joins, 0, 3);
    const made = generateSessionKeys10(keys.appKey, netId, appNonce, DevNonce);
    const address = devAddr.toString('hex');
    sessions.set(address, { appSKey: made.AppSKey, nwkSKey: made.NwkSKey, downlinks: 0, lastFrame: -1 });
    const fields = {
      MType: 'Join Accept',
      AppNonce: appNonce,
      NetID: netId,
      DevAddr: devAddr,
      ...RECEIVE,
    };
    const accept = LoraPacket.fromFields(fields, undefined, undefined, keys.appKey);
    return { kind: 'join', devAddr: address, answer: encrypted(accept) };
  }

  function data(packet: InstanceType<typeof LoraPacket>): Heard {
    const devAddr = packet.DevAddr?.toString('hex') ?? '';
    const session = sessions.get(devAddr);
    if (session === undefined || !verifyMIC(packet, session.nwkSKey)) throw new Error('data of no device');
    const count = packet.getFCnt() ?? -1;
    if (count <= session.lastFrame) throw new Error('data that was heard before');
    session.lastFrame = count;
    const payload = decrypt(packet, session.appSKey, session.nwkSKey);
    const fields = {
      MType: 'Unconfirmed Data Down',
      DevAddr: Buffer.from(devAddr, 'hex'),
      FPort: DOWNLINK_PORT,
      FCnt: session.downlinks,
      payload: Buffer.from(options.answer(payload)),
    };
    session.downlinks += 1;
    const { appSKey, nwkSKey } = session;
    const answer = requireFrame(LoraPacket.fromFields(fields, appSKey, nwkSKey));
    return { kind: 'data', devAddr, payload, answer };
  }

  return {
    hear: (frame) => {
      const packet = LoraPacket.fromWire(Buffer.from(frame));
      if (packet.isJoinRequestMessage()) return join(packet);
      if (packet.isDataMessage() && packet.getDir() === 'up') return data(packet);
      throw new Error(`a frame of type ${packet.getMType()}`);
    },
  };
}

/** The package encrypts a join accept's payload in place, but not the frame that was put together before. */
function encrypted(accept: InstanceType<typeof LoraPacket>): Buffer {
  const { MHDR, MACPayloadWithMIC } = accept;
  if (MHDR === undefined || MACPayloadWithMIC === undefined) throw new Error('the join accept is incomplete');
  return Buffer.concat([MHDR, MACPayloadWithMIC]);
}
