import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import type { ComputedEpoch } from '#protocol/epoch';
import type { ReportVerdict } from '#protocol/verify/poc';
import { openReport } from '#protocol/wire/report';
import { verifySignature } from '#services/runtime/signature';
import { reportsOf, staleOf } from '../scripts/replay/judged.ts';
import { computeRun, openRuns, type ReplayRecord, type ReplayRun } from '../scripts/replay/runs.ts';
import { countSignatures } from '../scripts/replay/signatures.ts';

const runs = openRuns();

function computed(run: ReplayRun, records?: readonly ReplayRecord[]): ComputedEpoch {
  const result = computeRun(run, records);
  if (result.kind === 'empty') throw new Error(`run ${run.run} is empty`);
  return result;
}

const verdictsOf = ({ verdicts, badlySigned }: ComputedEpoch): readonly ReportVerdict[] => [
  ...verdicts.flatMap(({ beacon, witnesses, others }) => [
    ...(beacon === null ? [] : [beacon]),
    ...witnesses,
    ...others,
  ]),
  ...badlySigned,
];

/** The record with one byte of its report changed. */
function flipped(records: readonly ReplayRecord[], index: number, at: number): ReplayRecord[] {
  return records.map((record, place) => {
    const { body } = record;
    if (place !== index || (body.kind !== 'beacon' && body.kind !== 'witness')) return record;
    const report = Uint8Array.from(body.report);
    report[at] = (report[at] ?? 0) ^ 0x01;
    return { ...record, body: { ...body, report } };
  });
}

describe('what real hotspots sent', () => {
  test('is signed by keys of both curves, gateways and sessions, every message of it', () => {
    const counts = countSignatures();
    expect(counts.every(({ failed }) => failed === 0)).toBe(true);
    expect(counts.reduce((sum, { verified }) => sum + verified, 0)).toBe(62);
    for (const signer of ['ed25519 gateway', 'P-256 gateway', 'ed25519 session'])
      expect(counts.filter(({ what }) => what.includes(signer)).length).toBeGreaterThan(0);
  });

  test.each(runs.map((run) => [run.run, run] as const))(
    'in run %s is judged valid, every honest pair of it',
    (_, run) => {
      const result = computed(run);
      for (const verdict of verdictsOf(result)) expect([verdict.reason, verdict.side]).toEqual([null, null]);
      for (const { witnesses } of result.verdicts)
        expect(witnesses.every(({ selected }) => selected)).toBe(true);
    },
  );

  test('is 15 beacons, 17 witness reports of them, and 5 whose beacon was never reported', () => {
    const verdicts = runs.flatMap((run) => verdictsOf(computed(run)));
    const count = (kind: string): number => verdicts.filter((each) => each.kind === kind).length;
    expect([count('beacon'), count('witness')]).toEqual([15, 17]);
    expect(runs.map((run) => staleOf(run).length)).toEqual([1, 1, 2, 1]);
  });

  test('has the roots that were computed when this was written', () => {
    expect(Object.fromEntries(runs.map((run) => [run.run, computed(run).tuple.root]))).toEqual({
      main3: '3dbc45cfc8ec8095388da51c036ba3f462fa77a89ac550a10b7778a8a9176080',
      us915: 'dfc748d4f18e3fc95f526150f231330e8abbc2a3a03b42fa49d0f2cb21ca14d3',
      mixed3: '20060115283322497f8a669b3480d2319b66fa987743147a41f3ef47ddba95f7',
      v120: 'd1464d2e18d9d31e0ca69570c5d0bc9d8a9f8fd94c48b1d26417134b4074e8d7',
    });
  });
});

describe('a flipped byte', () => {
  test('anywhere in any report leaves nothing that verifies', () => {
    let unreadable = 0;
    let refused = 0;
    for (const run of runs)
      for (const { report, signer } of reportsOf(run))
        for (let at = 0; at < report.bytes.length; at += 1) {
          const bytes = Uint8Array.from(report.bytes);
          bytes[at] = (bytes[at] ?? 0) ^ 0x01;
          try {
            const changed =
              report.kind === 'beacon' ? openReport('beacon', bytes) : openReport('witness', bytes);
            const key = signer === report.key ? changed.key : signer;
            const { signedBytes: message, signature } = changed;
            expect(key !== null && verifySignature({ key, message, signature })).toBe(false);
            refused += 1;
          } catch (error) {
            if (!(error instanceof ProtocolError)) throw error;
            unreadable += 1;
          }
        }
    // Most of it decodes all the same: the signature must catch it.
    expect(refused).toBeGreaterThan(9 * unreadable);
    expect(unreadable).toBeGreaterThan(0);
  });

  test.each(runs.map((run) => [run.run, run] as const))(
    'in a report of run %s makes it badly signed, and pays nobody for it',
    (_, run) => {
      const honest = computed(run);
      for (const { position, report } of reportsOf(run)) {
        const at = report.bytes.length - 12;
        const result = computed(run, flipped(run.records, position.index, at));
        const bad = verdictsOf(result).filter(({ reason }) => reason === 'bad_signature');
        expect(bad.length + result.undecodable).toBeLessThanOrEqual(1);
        const counted = verdictsOf(honest).some((each) => each.position.index === position.index);
        if (bad.length === 1) expect(bad[0]?.position.index).toBe(position.index);
        if (counted) expect(result.tuple.stateHash).not.toBe(honest.tuple.stateHash);
      }
    },
  );
});

test('npm run replay prints it and succeeds', () => {
  const script = fileURLToPath(new URL('../scripts/replay.ts', import.meta.url));
  const printed = execFileSync(process.execPath, ['--import', 'tsx', script], { encoding: 'utf8' });
  expect(printed).toContain('62 of 62 verified');
  for (const run of runs) expect(printed).toContain(computed(run).tuple.root);
  expect(printed).toContain('Everything verified');
});
