import { toHex } from './hex.ts';

/** What a PHYPayload shows to whoever has no key of its device (LoRaWAN 1.0.4 and 1.1, "MAC Message Formats"). */
export type LoraFrame =
  | { readonly kind: 'join_request'; readonly joinEui: string; readonly devEui: string }
  /** Of types 0 and 2, which name no JoinEUI, null. */
  | { readonly kind: 'rejoin'; readonly joinEui: string | null; readonly devEui: string }
  | { readonly kind: 'data_up'; readonly devAddr: number }
  /** A downlink, a proprietary frame, or bytes that are no frame of LoRaWAN R1. */
  | { readonly kind: 'other' };

const MTYPE = { joinRequest: 0, unconfirmedUp: 2, confirmedUp: 4, rejoin: 6 } as const;
/** MHDR, DevAddr, FCtrl, FCnt and MIC. */
const LEAST_DATA_BYTES = 12;
const JOIN_BYTES = 23;
const REJOIN_BYTES = [19, 24, 19] as const;

/** Reads any bytes; EUIs are 16 lower-case hex digits, most significant byte first, DevAddrs u32. */
export function openFrame(payload: Uint8Array): LoraFrame {
  const [header = 0xff, second = 0xff] = payload;
  // Other major versions may lay out frames otherwise.
  if ((header & 3) !== 0) return { kind: 'other' };
  switch (header >> 5) {
    case MTYPE.joinRequest:
      if (payload.length !== JOIN_BYTES) return { kind: 'other' };
      return { kind: 'join_request', joinEui: euiAt(payload, 1), devEui: euiAt(payload, 9) };
    case MTYPE.rejoin:
      if (payload.length !== REJOIN_BYTES[second]) return { kind: 'other' };
      return second === 1
        ? { kind: 'rejoin', joinEui: euiAt(payload, 2), devEui: euiAt(payload, 10) }
        : { kind: 'rejoin', joinEui: null, devEui: euiAt(payload, 5) };
    case MTYPE.unconfirmedUp:
    case MTYPE.confirmedUp:
      if (payload.length < LEAST_DATA_BYTES) return { kind: 'other' };
      return { kind: 'data_up', devAddr: littleEndian32(payload.subarray(1, 5)) };
    default:
      return { kind: 'other' };
  }
}

/** A DevAddr as people and route requests write it: 8 lower-case hex digits. */
export function devAddrText(devAddr: number): string {
  return devAddr.toString(16).padStart(8, '0');
}

function euiAt(payload: Uint8Array, start: number): string {
  return toHex(payload.slice(start, start + 8).reverse());
}

function littleEndian32(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
