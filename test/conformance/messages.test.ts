import { describe, expect, it } from 'vitest';
import { DATA_RATES } from '#protocol/wire/data-rate';
import { outOf, type Value } from './support/ask.ts';
import { readVectors } from './support/read-vectors.ts';

const KINDS: Readonly<Record<string, string>> = {
  beacon_report: 'beacon',
  witness_report: 'witness',
  poc_stream_session_init: 'session_init',
  router_session_init: 'session_init',
  region_params_request: 'region_params_req',
};
const { vectors } = readVectors('gateway-rs.json') as {
  readonly vectors: readonly {
    readonly id: string;
    readonly kind: string;
    readonly raw: string;
    readonly signed_bytes: string;
    readonly signer_b58: string;
    readonly signer_is: string;
    readonly decoded: Readonly<Record<string, string | number>>;
  }[];
};
const known = vectors.flatMap((vector) => {
  const kind = KINDS[vector.kind];
  const session = vector.signer_is === 'session' ? { session_key: vector.signer_b58 } : {};
  return kind === undefined
    ? []
    : [{ ...vector, kind, session, isRouter: vector.kind === 'router_session_init' }];
});

/** What the command makes of a recorded field. */
function expectedField([name, value]: [string, string | number], isRouter: boolean): [string, Value] {
  if (name === 'datarate') return [name, DATA_RATES[Number(value)] ?? ''];
  if (name === 'region') return [name, 'UNKNOWN'];
  // The router's session_init calls its first field otherwise.
  if (isRouter && name === 'gateway') return ['pub_key', value];
  return [name, name === 'frequency' || name === 'timestamp' ? String(value) : value];
}

describe('messages of real hotspots', () => {
  it('are of every kind', () => {
    expect(new Set(known.map(({ kind }) => kind))).toEqual(new Set(Object.values(KINDS)));
    expect(known).toHaveLength(47);
  });

  it.each(known)('$id opens to every field that was recorded', ({ kind, raw, session, ...vector }) => {
    const fields = Object.entries(vector.decoded).map((field) => expectedField(field, vector.isRouter));
    expect(outOf('report.open', { kind, bytes: raw, ...session })).toEqual({
      ...Object.fromEntries(fields),
      signed_bytes: vector.signed_bytes,
      signature_valid: true,
    });
  });

  it.each(known)(
    '$id is not signed by another key, nor with another field',
    ({ kind, raw, session, ...vector }) => {
      const other = { session_key: '11nYr7TBMbpGiQadiCxGCPZFZ8ENo1JNtbS7aB5U7UXn4a8Dvb3' };
      expect(outOf('report.open', { kind, bytes: raw, ...other })['signature_valid']).toBe(false);
      if (vector.signer_is === 'session')
        expect(outOf('report.open', { kind, bytes: raw })['signature_valid']).toBe(false);
      // Fields that are not known are signed like every other: here number 15, a varint.
      const more = outOf('report.open', { kind, bytes: `${raw}7801`, ...session });
      expect(more).toMatchObject({ signed_bytes: `${vector.signed_bytes}7801`, signature_valid: false });
    },
  );
});

describe('a message', () => {
  const key = '01'.padEnd(66, 'a');

  it('keeps numbers that no enum has, and has defaults for absent fields', () => {
    expect(outOf('report.open', { kind: 'witness', bytes: `1221${key}5063` })).toEqual({
      pub_key: key,
      data: '',
      timestamp: '0',
      tmst: 0,
      signal: 0,
      snr: 0,
      frequency: '0',
      datarate: 99,
      signature: '',
      signed_bytes: `1221${key}5063`,
      signature_valid: false,
    });
    const open = (kind: string, bytes: string) => outOf('report.open', { kind, bytes });
    expect(open('beacon', `1221${key}40ffffffffffffffffff01`)).toMatchObject({
      datarate: -1,
      channel: 0,
      tmst: 0,
    });
    expect(open('region_params_req', `08101221${key}`)).toMatchObject({ region: 16 });
    expect(open('region_params_req', `1221${key}`)).toMatchObject({ region: 'US915' });
  });

  it('keeps u64 that no double holds', () => {
    const most = 'ffffffffffffffffff01';
    expect(outOf('report.open', { kind: 'witness', bytes: `1221${key}20${most}40${most}` })).toMatchObject({
      timestamp: '18446744073709551615',
      frequency: '18446744073709551615',
    });
  });

  it('is signed without every occurrence of its signature, of which the last one counts', () => {
    const out = outOf('report.open', { kind: 'witness', bytes: `5a01011221${key}5a020203` });
    expect(out).toMatchObject({ signature: '0203', signed_bytes: `1221${key}` });
  });
});
