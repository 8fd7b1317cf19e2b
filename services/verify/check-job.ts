import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { DenyEntry, DenyList } from '#protocol/deny/deny-list';
import type { Policy } from '#protocol/policy';
import { parsePolicy } from '#protocol/settle/policy-codec';
import { epochNumber, millis, type Cell, type EpochNumber, type HotspotKey } from '#protocol/units';
import type { EntropyFact, HotspotFacts, LoggedReport, PocGroup, Registry } from '#protocol/verify/poc';
import { toHex } from '#protocol/wire/hex';
import { openReport } from '#protocol/wire/report';

/** Groups of one epoch with all that judging them without state takes. */
export interface CheckTask {
  readonly epoch: EpochNumber;
  readonly policy: Policy;
  /** At least the entries that name the groups' keys. */
  readonly deny: DenyList;
  /** Facts of the keys that the groups name; a key that is missing is not registered. */
  readonly registry: Registry;
  /** By data, those that the groups' beacons name; one that is missing does not stand in the evidence. */
  readonly entropies: ReadonlyMap<string, EntropyFact>;
  readonly groups: readonly PocGroup[];
}

const key = Type.String({ pattern: '^[0-9a-f]{66}$' });
const count = Type.Integer({ minimum: 0 });
const nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

/** An entry of the deny list: its key, or both keys of its pair. */
const denied = Type.Object({
  of: Type.String({ pattern: '^([0-9a-f]{66}){1,2}$' }),
  from: count,
  reason: Type.String(),
});

const schema = Type.Object({
  epoch: Type.String({ pattern: '^[0-9]{1,20}$' }),
  policy: Type.Unknown(),
  denied: Type.Array(denied),
  deniedEdges: Type.Array(denied),
  facts: Type.Array(
    Type.Object({
      key,
      mode: Type.Union([Type.Literal('full'), Type.Literal('data_only')]),
      status: Type.Union([Type.Literal('active'), Type.Literal('quarantined')]),
      tier: Type.Union([Type.Literal('open'), Type.Literal('endorsed'), Type.Literal('bonded')]),
      cell: nullable(Type.String({ pattern: '^[0-9]{1,20}$' })),
      latitude: Type.Integer(),
      longitude: Type.Integer(),
      gain: Type.Integer(),
      elevation: Type.Integer(),
      registeredAt: Type.Integer(),
    }),
  ),
  entropies: Type.Array(
    Type.Object({
      data: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      timestamp: Type.Integer(),
      version: count,
      receivedAt: count,
    }),
  ),
  origins: Type.Array(Type.String()),
  groups: Type.Array(
    Type.Object({
      kind: Type.Union([Type.Literal('poc'), Type.Literal('loose'), Type.Literal('stale')]),
      payload: Type.String({ pattern: '^([0-9a-f]{2})*$' }),
      beacon: nullable(count),
      reports: Type.Array(
        Type.Object({
          kind: Type.Union([Type.Literal('beacon'), Type.Literal('witness')]),
          /** Place in `origins`. */
          origin: count,
          index: count,
          receivedAt: count,
          signer: nullable(key),
          /** Bytes of this report in `bytes`, one after the other. */
          length: count,
        }),
      ),
    }),
  ),
  /** All reports' bytes, base64. */
  bytes: Type.String(),
});

/** The job's data as it crosses Redis: small, whole, and the same for the same content. */
export type CheckJob = Static<typeof schema>;
const stored = Compile(schema);

export function encodeCheckJob(task: CheckTask): CheckJob {
  const reports = task.groups.flatMap((group) => group.reports);
  const origins = [...new Set(reports.map(({ position }) => position.origin))].sort();
  const named = new Set<string>(reports.map(({ report }) => report.key));
  const keys = [...new Set(reports.map(({ report }) => report.key))].sort();
  const facts = keys.flatMap((each) => task.registry.get(each) ?? []);
  return {
    epoch: task.epoch.toString(),
    policy: task.policy,
    denied: [...task.deny.keys].filter(([key]) => named.has(key)).map(([of, entry]) => ({ of, ...entry })),
    deniedEdges: [...task.deny.edges]
      .filter(([pair]) => named.has(pair.slice(0, 66)) && named.has(pair.slice(66)))
      .map(([of, entry]) => ({ of, ...entry })),
    facts: facts.map((each) => ({ ...each, cell: each.cell?.toString() ?? null })),
    entropies: namedEntropies(task).map(({ data, timestamp, version, receivedAt }) => ({
      data,
      timestamp,
      version,
      receivedAt,
    })),
    origins,
    groups: task.groups.map(({ kind, payload, beacon, reports: logged }) => ({
      kind,
      payload,
      beacon,
      reports: logged.map(({ position, report, signer }) => ({
        kind: report.kind,
        origin: origins.indexOf(position.origin),
        index: position.index,
        receivedAt: position.receivedAt,
        signer,
        length: report.bytes.length,
      })),
    })),
    bytes: Buffer.concat(reports.map(({ report }) => report.bytes)).toString('base64'),
  };
}

/** Inverse of `encodeCheckJob`; throws where the data is no such job. */
export function openCheckJob(data: unknown): CheckTask {
  if (!stored.Check(data)) {
    const [error] = stored.Errors(data);
    throw new Error(`check job: ${error?.instancePath ?? ''} ${error?.message ?? 'does not fit'}`);
  }
  const bytes = Uint8Array.from(Buffer.from(data.bytes, 'base64'));
  let offset = 0;
  const open = (report: CheckJob['groups'][number]['reports'][number]): LoggedReport => {
    const end = offset + report.length;
    if (end > bytes.length)
      throw new Error(`check job: ${bytes.length} bytes end before report ${report.index}`);
    const opened = openReport(report.kind, bytes.subarray(offset, end));
    offset = end;
    const origin = data.origins[report.origin];
    if (origin === undefined) throw new Error(`check job: there is no origin ${report.origin}`);
    return {
      position: { receivedAt: millis(report.receivedAt), origin, index: report.index },
      report: opened,
      signer: report.signer === null ? null : (report.signer as HotspotKey),
    };
  };
  return {
    epoch: epochNumber(BigInt(data.epoch)),
    policy: parsePolicy(data.policy),
    deny: {
      keys: new Map(data.denied.map((entry) => [entry.of as HotspotKey, openEntry(entry)])),
      edges: new Map(data.deniedEdges.map((entry) => [entry.of, openEntry(entry)])),
    },
    registry: new Map(data.facts.map((each) => [each.key as HotspotKey, openFacts(each)])),
    entropies: new Map(
      data.entropies.map((each) => [each.data, { ...each, receivedAt: millis(each.receivedAt) }]),
    ),
    groups: data.groups.map((group) => ({ ...group, reports: group.reports.map(open) })),
  };
}

/** 16 hex digits that tell jobs of the same place but other content apart. */
export function digestOf(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
}

function namedEntropies({ groups, entropies }: CheckTask): readonly EntropyFact[] {
  const named = groups.flatMap(({ reports, beacon }) => {
    const report = beacon === null ? undefined : reports[beacon]?.report;
    return report?.kind === 'beacon' ? [toHex(report.remoteEntropy)] : [];
  });
  return [...new Set(named)].sort().flatMap((data) => entropies.get(data) ?? []);
}

function openEntry({ from, reason }: CheckJob['denied'][number]): DenyEntry {
  return { from, reason };
}

function openFacts(facts: CheckJob['facts'][number]): HotspotFacts {
  return {
    ...facts,
    key: facts.key as HotspotKey,
    cell: facts.cell === null ? null : (BigInt(facts.cell) as Cell),
  };
}
