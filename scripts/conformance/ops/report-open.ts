import type { HotspotKey } from '#protocol/units';
import { dataRateName } from '#protocol/wire/data-rate';
import { toHex } from '#protocol/wire/hex';
import { regionName } from '#protocol/wire/region';
import { openRegionRequest } from '#protocol/wire/region-request';
import { openReport } from '#protocol/wire/report';
import { openSessionInit } from '#protocol/wire/session';
import { verifySignature } from '#services/runtime/signature';
import type { Json, Op } from '../op.ts';
import { bytes, key, oneOf } from '../input/values.ts';

interface Opened {
  readonly key: HotspotKey;
  readonly signature: Uint8Array;
  readonly signedBytes: Uint8Array;
  /** Decoded fields by their proto names. */
  readonly fields: Readonly<Record<string, Json>>;
}

const KINDS = ['beacon', 'witness', 'session_init', 'region_params_req'] as const;

/** Decodes a signed message and verifies it by its own key, or by the session's (poc.md 7, gateway.md). */
export const open: Op = (input) => {
  const opened = openKind(input.get('kind', oneOf(KINDS)), input.get('bytes', bytes));
  const { signature, signedBytes: message } = opened;
  const signer = input.optional('session_key', key, opened.key);
  return {
    ...opened.fields,
    signed_bytes: toHex(message),
    signature_valid: verifySignature({ key: signer, message, signature }),
  };
};

function openKind(kind: (typeof KINDS)[number], message: Uint8Array): Opened {
  switch (kind) {
    case 'beacon':
      return openBeacon(message);
    case 'witness':
      return openWitness(message);
    case 'session_init': {
      const init = openSessionInit(message);
      const fields = { pub_key: init.key, nonce: toHex(init.nonce), session_key: init.sessionKey };
      return { ...init, fields: { ...fields, signature: toHex(init.signature) } };
    }
    case 'region_params_req': {
      const request = openRegionRequest(message);
      const region = regionName(request.region) ?? request.region;
      return { ...request, fields: { region, address: request.key, signature: toHex(request.signature) } };
    }
  }
}

function openBeacon(message: Uint8Array): Opened {
  const report = openReport('beacon', message);
  const fields = {
    pub_key: report.key,
    local_entropy: toHex(report.localEntropy),
    remote_entropy: toHex(report.remoteEntropy),
    data: toHex(report.data),
    frequency: String(report.frequency),
    channel: report.channel,
    datarate: dataRate(report.datarate),
    tx_power: report.txPower,
    timestamp: String(report.timestamp),
    signature: toHex(report.signature),
    tmst: report.tmst,
  };
  return { ...report, fields };
}

function openWitness(message: Uint8Array): Opened {
  const report = openReport('witness', message);
  const fields = {
    pub_key: report.key,
    data: toHex(report.data),
    timestamp: String(report.timestamp),
    tmst: report.tmst,
    signal: report.signal,
    snr: report.snr,
    frequency: String(report.frequency),
    datarate: dataRate(report.datarate),
    signature: toHex(report.signature),
  };
  return { ...report, fields };
}

/** A number that the enum does not have stays one, as in proto3's JSON. */
function dataRate(number: number): string | number {
  return dataRateName(number) ?? number;
}
