import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeConviction, encodeConviction, verifyConviction } from '#protocol/evidence/conviction';
import { decodeReceipt, encodeReceipt, type Receipt } from '#protocol/evidence/receipt';
import { verifyInclusion } from '#protocol/evidence/proof';
import type { EvidenceBody } from '#protocol/evidence/record';
import { ddbm, millis, type HotspotKey } from '#protocol/units';
import { encodeBeacon, encodeWitness } from '#protocol/wire/encode';
import { checkReceipt } from '#services/runtime/evidence/check-receipt';
import { findReports } from '#services/runtime/evidence/find-reports';
import { openPublishedLog } from '#services/runtime/evidence/published-log';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { logSigner } from '#services/runtime/log/log-signer';
import { verifyEd25519 } from '../../support/ed25519.ts';
import { LOG_SIGNER, makeTestLog, ORIGIN, reports, type TestLog } from '../../support/evidence-log.ts';
import { testKey } from '../../protocol/epoch/world.ts';

const DELAY_MS = 15_000;
const KEY = LOG_SIGNER.key;
const STRANGER = logSigner(ORIGIN, new Uint8Array(32).fill(2));
const BY_KEY = { key: KEY, verify: verifyEd25519 };
let honest: TestLog;
/** The same log's key over other entries. */
let forked: TestLog;

beforeEach(async () => {
  [honest, forked] = await Promise.all([makeTestLog(), makeTestLog()]);
});
afterEach(async () => {
  await Promise.all([honest.remove(), forked.remove()]);
});

async function publish(test: TestLog, ...batches: readonly ReturnType<typeof reports>[]): Promise<Receipt[]> {
  const log = await test.open();
  const receipts = [];
  for (const batch of batches) receipts.push(...(await log.append(batch)));
  test.now += DELAY_MS;
  await log.integrate();
  await log.close();
  return receipts;
}

function nth(receipts: readonly Receipt[], at: number): Receipt {
  const receipt = receipts[at];
  if (receipt === undefined) throw new RangeError(`no receipt ${at}`);
  // As an operator has it: the JSON of the answer.
  return decodeReceipt(JSON.parse(JSON.stringify(encodeReceipt(receipt))));
}

const open = (test: TestLog, key = KEY) =>
  openPublishedLog({ reader: publicLogReader({ base: test.publicDir }), origin: ORIGIN, key });
const check = async (receipt: Receipt, test: TestLog, now = 0, key = KEY) =>
  checkReceipt({ receipt, key, log: await open(test), now: millis(now) });

describe('a receipt, against the public files of its log', () => {
  it('is kept where the entry stands at its index, with a proof that needs nothing else', async () => {
    const receipts = await publish(honest, reports(3), reports(400, 3));
    for (const at of [0, 2, 3, 255, 256, 402]) {
      const receipt = nth(receipts, at);
      const checked = await check(receipt, honest);
      if (checked.state !== 'kept') throw new Error(checked.state);
      const { size, root, proof } = checked;
      expect(size).toBe(403);
      expect(verifyInclusion({ leaf: receipt.leaf, index: at, size, root, proof })).toBe(true);
    }
  });

  it('convicts a log that integrated another entry there, by its own two signatures', async () => {
    const receipts = await publish(honest, reports(300));
    await publish(forked, reports(200), reports(150, 1000));
    for (const at of [200, 256, 299]) {
      const checked = await check(nth(receipts, at), forked);
      if (checked.state !== 'broken') throw new Error(checked.state);
      const file = JSON.parse(JSON.stringify(encodeConviction(checked.conviction))) as unknown;
      const conviction = decodeConviction(file);
      verifyConviction(conviction, BY_KEY);
      // Nothing else convicts: not the promised leaf, another place, another key, nor a receipt that was changed.
      const { receipt } = conviction;
      const refused = (of: Partial<typeof conviction>, code: string, by = BY_KEY): void => {
        expect(() => {
          verifyConviction({ ...conviction, ...of }, by);
        }).toThrow(expect.objectContaining({ code }));
      };
      refused({ leaf: receipt.leaf }, 'proof_mismatch');
      refused({ proof: conviction.proof.slice(1) }, 'proof_mismatch');
      refused({ receipt: nth(receipts, 5) }, 'proof_mismatch');
      refused({ receipt: { ...receipt, receivedAt: millis(receipt.receivedAt - 1) } }, 'invalid_signature');
      refused({ receipt: { ...receipt, leaf: conviction.leaf } }, 'invalid_signature');
      refused({}, 'invalid_signature', { ...BY_KEY, key: STRANGER.key });
    }
    const kept = await check(nth(receipts, 7), forked);
    expect(kept.state).toBe('kept');
  });

  it('does not convict with the leaf that was promised', async () => {
    const receipts = await publish(honest, reports(10));
    const receipt = nth(receipts, 4);
    const checked = await check(receipt, honest);
    if (checked.state !== 'kept') throw new Error(checked.state);
    const checkpoint = await publicLogReader({ base: honest.publicDir }).checkpoint();
    const conviction = { receipt, checkpoint, leaf: receipt.leaf, proof: checked.proof };
    expect(() => {
      verifyConviction(conviction, BY_KEY);
    }).toThrow(expect.objectContaining({ code: 'promise_kept' }));
  });

  it('waits for a checkpoint that reaches its index, and is overdue after the time it names', async () => {
    await publish(honest, reports(3));
    const log = await honest.open();
    const [given] = await log.append(reports(1, 3));
    await log.close();
    const receipt = nth(given === undefined ? [] : [given], 0);
    expect(await check(receipt, honest, receipt.integratedBy)).toEqual({
      state: 'not_integrated',
      size: 3,
      overdue: false,
    });
    expect(await check(receipt, honest, receipt.integratedBy + 1)).toMatchObject({ overdue: true });
  });

  it('is no receipt where the log did not sign it', async () => {
    const receipts = await publish(honest, reports(3));
    const receipt = nth(receipts, 1);
    for (const [changed, code] of [
      [{ ...receipt, index: 0 }, 'invalid_signature'],
      [{ ...receipt, index: 2 }, 'proof_mismatch'],
      [{ ...receipt, index: 3 }, 'proof_mismatch'],
      [{ ...receipt, receivedAt: millis(receipt.receivedAt - 1) }, 'invalid_signature'],
      [{ ...receipt, leaf: nth(receipts, 2).leaf }, 'invalid_signature'],
      [{ ...receipt, origin: 'another/log/x' }, 'invalid_signature'],
    ] as const)
      await expect(check(changed, honest)).rejects.toMatchObject({ code });
    await expect(check(receipt, honest, 0, STRANGER.key)).rejects.toMatchObject({
      code: 'invalid_signature',
    });
  });

  it('says nothing of a log whose files are withheld', async () => {
    const receipts = await publish(honest, reports(300));
    await rm(join(honest.publicDir, 'tile/entries'), { recursive: true });
    await expect(check(nth(receipts, 5), honest)).rejects.toMatchObject({ code: 'file_missing' });
    await rm(join(honest.publicDir, 'checkpoint'));
    await expect(check(nth(receipts, 5), honest)).rejects.toMatchObject({ code: 'file_missing' });
  });

  it.each([
    ['nothing', undefined],
    ['a number', 5],
    ['no receipt', { checkpoint: '', leaf_hash: '', proof: [] }],
  ])('of a conviction that holds %s is malformed', (_, json) => {
    expect(() => decodeConviction(json)).toThrow(expect.objectContaining({ code: 'malformed_receipt' }));
  });
});

describe('the reports of a hotspot', () => {
  const [own, other] = [testKey('finder').key, testKey('another').key];
  const heard = new Uint8Array(51).fill(7);
  const common = {
    frequency: 867_900_000n,
    datarate: 0,
    timestamp: 0n,
    tmst: 0,
    signature: new Uint8Array(64),
  };
  const beaconBy = (key: HotspotKey, data: Uint8Array): EvidenceBody => ({
    kind: 'beacon',
    report: encodeBeacon({
      ...common,
      key,
      data,
      localEntropy: data,
      remoteEntropy: data,
      channel: 0,
      txPower: 14,
    }),
    session: null,
  });

  it('are found in the public files, each with its proof', async () => {
    const witness = encodeWitness({ ...common, key: own, data: heard, signal: ddbm(-1000), snr: 10 });
    await publish(honest, [
      beaconBy(other, heard),
      { kind: 'witness', report: witness, session: null },
      ...reports(300),
      beaconBy(own, new Uint8Array(51)),
    ]);
    const find = async (payload: string | null, from = 0) => {
      const found = [];
      const log = await open(honest);
      for await (const each of findReports({ log, hotspot: own, payload, from })) found.push(each);
      return found;
    };
    expect((await find(null)).map(({ index, kind }) => [index, kind])).toEqual([
      [1, 'witness'],
      [302, 'beacon'],
    ]);
    const [only, ...rest] = await find('07'.repeat(51));
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ index: 1, kind: 'witness', size: 303, receivedAt: 1_800_000_000_000 });
    expect((await find(null, 2)).map(({ index }) => index)).toEqual([302]);
    expect(await find('00')).toEqual([]);
  });
});
