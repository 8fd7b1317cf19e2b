import type { HotspotKey } from '../units.ts';
import { lengthDelimited, readSignedMessage, signed32 } from './fields.ts';
import { parseKey } from './key.ts';
import { requireSize } from './report.ts';

/** gateway_region_params_req: a hotspot asks for its channel plan (gateway.md, "region_params"). */
export interface RegionRequest {
  /** Number in the wire's region enum that the hotspot used last; unknown ones are kept. */
  readonly region: number;
  readonly key: HotspotKey;
  readonly signature: Uint8Array;
  readonly signedBytes: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Decodes a region request; throws like `openReport`. */
export function openRegionRequest(bytes: Uint8Array): RegionRequest {
  requireSize('region_params_req', bytes);
  let region = 0;
  let address: Uint8Array = new Uint8Array(0);
  let signature: Uint8Array = new Uint8Array(0);
  const signedBytes = readSignedMessage(bytes, {
    code: 'malformed_report',
    kind: 'region_params_req',
    signature: 3,
    onSignature: (value) => {
      signature = value;
    },
    onField: (field, wire, reader) => {
      if (field === 1) region = signed32(field, wire, reader);
      else if (field === 2) address = lengthDelimited(field, wire, reader);
      else return false;
      return true;
    },
  });
  return { region, key: parseKey(address), signature, signedBytes, bytes };
}
