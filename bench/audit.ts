import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { signCheckpoint } from '#protocol/evidence/checkpoint';
import { openEvidence } from '#protocol/evidence/cut';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { folderFiles } from '#protocol/settle/folder';
import { mergeEvidence } from '#protocol/settle/logged-reports';
import { emptyState } from '#protocol/settle/state';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { checkEntropies } from '#services/audit/chain/check-entropies';
import { recompute } from '#services/audit/epoch/recompute';
import { openListedFolder, requireInputs } from '#services/audit/files/authentic-folder';
import { checkEvidence } from '#services/audit/files/check-evidence';
import { checkSessions } from '#services/audit/files/check-sessions';
import type { Blocks } from '#services/runtime/blocks';
import { openEntropyCheck } from '#services/runtime/entropy-check';
import { LogLibrary } from '#services/audit/files/log-copies';
import { readFolder } from '#services/audit/files/read-folder';
import { sampleOf } from '#services/audit/sample/sampled';
import { logSigner } from '#services/runtime/log/log-signer';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import { epochPath } from '#services/runtime/public-epochs';
import { openPublicFiles } from '#services/runtime/public-files';
import type { KeyType } from '#protocol/wire/key';
import { verifySignature } from '#services/runtime/signature';
import { extendMirror } from '#services/settle/mirror-files';
import { computed, testHotspot, TestWorld } from '../test/protocol/epoch/world.ts';

const WITNESSES = 10;
const ROUNDS = 3;
const DAY_S = 86_400;

export interface AuditFigure {
  readonly type: KeyType;
  readonly reports: number;
  /** CPU seconds of an audit from its files to its findings, of one by sample, and of the signatures alone. */
  readonly audit: number;
  readonly sampled: number;
  readonly signatures: number;
  /** MiB that the process held at most, resident. */
  readonly memory: number;
}

/** CPU time of auditing an epoch of about `reports` reports, beside that of verifying their signatures. */
export async function measureAudit(reports: number, type: KeyType): Promise<AuditFigure> {
  const dir = await mkdtemp(join(tmpdir(), 'coverant-bench-audit-'));
  try {
    const epoch = await makeEpoch(dir, Math.ceil(reports / (WITNESSES + 1)), type);
    const best = { audit: Infinity, sampled: Infinity, signatures: Infinity };
    for (let round = 0; round < ROUNDS; round += 1) {
      best.audit = Math.min(best.audit, await cpuSeconds(() => auditFiles(dir, epoch)));
      best.signatures = Math.min(
        best.signatures,
        await cpuSeconds(() => {
          verifyAll(epoch);
        }),
      );
      best.sampled = Math.min(best.sampled, await cpuSeconds(() => auditFiles(dir, epoch, 100)));
    }
    return { type, reports: epoch.signed.length, ...best, memory: process.resourceUsage().maxRSS / 1024 };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Measures in a process of its own, with the flags of `npm run audit`. */
export function auditInProcess(): readonly string[] {
  const args = ['--single-threaded-gc', '--import', 'tsx', fileURLToPath(import.meta.url)];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trimEnd().split('\n');
}

/** One line each. */
export function auditLines(figure: AuditFigure): readonly string[] {
  const { type, reports, audit, sampled, signatures, memory } = figure;
  const ratio = (seconds: number): string => (signatures / seconds).toFixed(2);
  return [
    `audit: ${reports} reports by ${type} keys in ${audit.toFixed(2)} s of CPU time, ${ratio(audit)} of the rate of verifying their signatures alone (${signatures.toFixed(2)} s); at most ${Math.round(memory)} MiB with the bench's own copies`,
    `audit: the same by a sample of 100 beacons in ${sampled.toFixed(2)} s, ${ratio(sampled)} of that rate`,
  ];
}

interface BenchEpoch {
  readonly tuple: Tuple;
  readonly facts: Parameters<typeof recompute>[0]['facts'];
  readonly signed: readonly Parameters<typeof verifySignature>[0][];
}

/** Folder and mirror of an epoch in which every hotspot beacons once and its neighbours witness it. */
async function makeEpoch(dir: string, pocs: number, type: KeyType): Promise<BenchEpoch> {
  const hotspots = Array.from({ length: pocs }, (_, place) => testHotspot(`audit ${place}`, place, {}, type));
  const plain = new TestWorld({ hotspots, epochs: 0 });
  const [log] = plain.logs;
  if (log === undefined) throw new Error('no log');
  const signer = logSigner(log.origin, new Uint8Array(32).fill(1));
  const mirror = join(dir, 'log');
  const logs = [{ origin: log.origin, vkey: formatVerifierKey(signer.key), url: mirror }];
  const facts = { ...plain.facts(0), end: plain.facts(0).start + DAY_S };
  const { start, end } = facts;
  for (const [place, beaconer] of hotspots.entries())
    plain.poc({
      beaconer,
      witnesses: neighbours(hotspots, place),
      at: start * 1000 + 1 + Math.floor((place * (end - start - 2) * 1000) / pocs),
    });
  log.add({
    receivedAt: end * 1000 + plain.policy.grace_ms,
    body: { kind: 'epoch_close', epoch: facts.epoch },
  });
  const given = plain.input(0, { state: emptyState(), parent: null });
  const input = { ...given, facts, policy: { ...given.policy, logs }, hashes: nativeHashes };
  const result = computed(input);
  for (const [name, bytes] of folderFiles(input, result)) {
    const path = join(dir, epochPath(result.tuple.epoch, name));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
  const [sealed] = input.evidence;
  if (sealed === undefined) throw new Error('no evidence');
  const { entries, size, root } = sealed;
  await extendMirror({
    folder: mirror,
    oldSize: 0,
    size,
    checkpoint: signCheckpoint({ origin: log.origin, size, root }, [signer]),
    entries: (from, to) => Promise.resolve(entries.slice(from, to)),
  });
  const { reports } = mergeEvidence([openEvidence(sealed)], verifySignature);
  const signed = reports.flatMap(({ report: { signedBytes, signature }, signer: key }) =>
    key === null
      ? []
      : [{ key, message: Uint8Array.from(signedBytes), signature: Uint8Array.from(signature) }],
  );
  return { tuple: result.tuple, facts, signed };
}

function neighbours<Hotspot>(hotspots: readonly Hotspot[], place: number): readonly Hotspot[] {
  const first = Math.max(0, Math.min(place - WITNESSES / 2, hotspots.length - WITNESSES - 1));
  return hotspots.slice(first, first + WITNESSES + 1).filter((each) => each !== hotspots[place]);
}

/** All that an audit does of an epoch's files; what it asks the chain is the chain's time. */
async function auditFiles(dir: string, { tuple, facts }: BenchEpoch, beacons?: number): Promise<void> {
  const source = openPublicFiles(dir);
  const files = await readFolder(source, tuple.epoch);
  const folder = openListedFolder(files, tuple);
  const expected = tupleHash(tuple);
  requireInputs(folder, { files, expected, verify: verifySignature });
  const verify =
    beacons === undefined
      ? verifySignature
      : sampleOf(files, { option: { beacons, seed: 'bench' }, tupleHash: expected, verify: verifySignature })
          .verify;
  const { different } = recompute({ facts, files, folder, verify });
  const { evidence } = folder;
  const findings = [
    ...(await checkEvidence({ folder, logs: new LogLibrary({ from: dir, verify: verifySignature }) })),
    ...checkSessions(evidence, verifySignature),
    ...(await checkEntropies(evidence, openEntropyCheck(FORGOTTEN))),
  ];
  const bad = findings.filter(({ kind }) => kind === 'differs' || kind === 'could_not_check');
  if (different.length + bad.length > 0) throw new Error(JSON.stringify([...different, ...bad]));
}

/** A node without the blocks of the bench's entropies. */
const FORGOTTEN: Blocks = {
  block: () => Promise.resolve(null),
  newest: () => Promise.resolve(null),
  oldest: () => Promise.resolve(null),
  isSkipped: () => Promise.resolve(false),
};

function verifyAll({ signed }: BenchEpoch): void {
  for (const each of signed) if (!verifySignature(each)) throw new Error('a bad signature');
}

async function cpuSeconds(work: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const type of ['ecc_compact', 'ed25519'] as const)
    for (const line of auditLines(await measureAudit(Number(process.argv[2] ?? 22_000), type)))
      console.log(line);
