import pc from 'picocolors';
import { deriveBeacon } from '#protocol/crypto/payload';
import type { ComputedEpoch } from '#protocol/epoch';
import { decimalText } from '#protocol/reward/decimal';
import { SCALE_DECIMALS } from '#protocol/reward/density';
import { SHARE_DECIMALS } from '#protocol/reward/pools';
import type { HotspotKey } from '#protocol/units';
import type { Numbers, ReportVerdict } from '#protocol/verify/poc';
import { REASONS } from '#protocol/verify/reasons';
import { dataRateName } from '#protocol/wire/data-rate';
import { toHex } from '#protocol/wire/hex';
import { keyText, keyType } from '#protocol/wire/key';
import { reportsOf, staleOf } from './replay/judged.ts';
import { computeRun, openRuns, type ReplayRun } from './replay/runs.ts';
import { countSignatures } from './replay/signatures.ts';

/** Judges what real hotspots sent (test/vectors/gateway-rs.json) offline and prints each step with its numbers. */
function main(): boolean {
  const began = performance.now();
  let good = printSignatures();
  for (const run of openRuns()) good = printRun(run) && good;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  print(good ? pc.green(`\nEverything verified, in ${seconds} s.`) : pc.red('\nSomething did not verify.'));
  return good;
}

function printSignatures(): boolean {
  print(pc.bold('Signatures of real hotspots (gateway-rs 1.2.0, 1.3.0 and main)'));
  const counts = countSignatures();
  for (const { what, verified, failed } of counts)
    print(
      `  ${mark(failed === 0)} ${String(verified).padStart(2)} ${what}${failed > 0 ? `, ${failed} failed` : ''}`,
    );
  const verified = counts.reduce((sum, each) => sum + each.verified, 0);
  const failed = counts.reduce((sum, each) => sum + each.failed, 0);
  print(`  ${verified} of ${verified + failed} verified`);
  return failed === 0;
}

function printRun(run: ReplayRun): boolean {
  const { facts, registry } = run.input;
  print(
    pc.bold(
      `\nRun ${run.run}: ${registry.hotspots.size} hotspots in ${run.place}, ${run.region ?? 'no region'}`,
    ),
  );
  const derived = printBeacons(run);
  const result = computeRun(run);
  if (result.kind === 'empty') return false;
  const judged = printVerdicts(run, result);
  print(`  Shares of an emission of ${facts.emission} units`);
  for (const { key, scale, shares, amounts } of result.payouts)
    print(
      `    ${name(key)} beacon ${decimalText(shares.beacon, SHARE_DECIMALS)}, witness ${decimalText(shares.witness, SHARE_DECIMALS)}` +
        ` (scale ${scale === null ? '-' : decimalText(scale, SCALE_DECIMALS)}): ${amounts.beacon + amounts.witness} units`,
    );
  const { root, leafCount, cumulativeTotal } = result.tuple;
  print(`  Root ${root} over ${leafCount} leaves, ${cumulativeTotal} units; tuple ${result.tupleHash}`);
  return derived && judged;
}

/** Rebuilds every beacon from its entropies, region and gain. */
function printBeacons(run: ReplayRun): boolean {
  const entropies = new Map(
    run.records.flatMap(({ body }) => (body.kind === 'entropy' ? [[toHex(body.data), body] as const] : [])),
  );
  const outcomes = reportsOf(run).flatMap(({ report }) => {
    const facts = run.input.registry.hotspots.get(report.key);
    const entropy = report.kind === 'beacon' ? entropies.get(toHex(report.remoteEntropy)) : undefined;
    if (report.kind !== 'beacon' || facts === undefined || entropy === undefined || run.region === null)
      return [];
    const { data, timestamp, version } = entropy;
    const beacon = deriveBeacon({
      remote: { data, timestamp, version },
      local: { data: report.localEntropy, timestamp: 0, version: 0 },
      region: run.region,
      gain: facts.gain,
    });
    const equal =
      toHex(beacon.data) === toHex(report.data) &&
      beacon.frequency === report.frequency &&
      beacon.datarate === dataRateName(report.datarate);
    print(
      `  ${mark(equal)} ${name(report.key)} beacons ${toHex(beacon.data).slice(0, 16)}... channel ${beacon.channel},` +
        ` ${megahertz(String(beacon.frequency))} MHz ${beacon.datarate}, ${beacon.txPower} dBm: re-derived`,
    );
    return [equal];
  });
  return outcomes.length > 0 && outcomes.every(Boolean);
}

function printVerdicts(run: ReplayRun, result: ComputedEpoch): boolean {
  let valid = true;
  for (const { beacon, witnesses, others } of result.verdicts) {
    if (beacon === null) continue;
    valid &&= [beacon, ...witnesses].every(({ reason }) => reason === null) && others.length === 0;
    print(
      `  ${mark(beacon.reason === null)} beacon of ${name(beacon.key)} at ${at(run, beacon)}: ${outcome(beacon)}`,
    );
    print(pc.dim(`      ${numbers(beacon.numbers)}`));
    for (const witness of [...witnesses, ...others]) {
      print(`    ${mark(witness.reason === null)} heard by ${name(witness.key)}: ${outcome(witness)}`);
      print(pc.dim(`        ${numbers(witness.numbers)}`));
    }
  }
  for (const { report, position } of staleOf(run))
    print(
      `  - ${name(report.key)} heard ${toHex(report.data).slice(0, 16)}... at ${at(run, { position })}: ` +
        `${pc.yellow('stale (16)')}, its beacon was never reported`,
    );
  return valid;
}

function outcome({ kind, reason, selected, note }: ReportVerdict): string {
  if (reason !== null) return pc.red(`${reason} (${REASONS[reason].number})`);
  if (kind === 'beacon') return 'valid';
  return selected ? 'valid, selected' : `valid, ${note ?? ''}`;
}

function numbers(of: Numbers): string {
  return Object.entries(of)
    .map(([label, value]) => `${label} ${value ?? '-'}`)
    .join(', ');
}

function at(run: ReplayRun, { position }: Pick<ReportVerdict, 'position'>): string {
  return `+${((position.receivedAt - run.input.facts.start * 1000) / 1000).toFixed(3)} s`;
}

function name(key: HotspotKey): string {
  return `${keyText(key).slice(0, 8)} (${keyType(key) === 'ed25519' ? 'ed25519' : 'P-256'})`;
}

function megahertz(hertz: string): string {
  return (Number(hertz) / 1e6).toFixed(1);
}

function mark(good: boolean): string {
  return good ? pc.green('✓') : pc.red('✗');
}

function print(line: string): void {
  console.log(line);
}

process.exitCode = main() ? 0 : 1;
