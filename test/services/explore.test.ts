import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { addExplorer } from '#services/explore/app';
import { openDatabase } from '#services/explore/database';
import { followEpochs } from '#services/explore/follow-epochs';
import { PgliteDialect, PgliteThread } from '#services/explore/pglite-dialect';
import { openPublicFiles } from '#services/runtime/public-files';
import { openEpochStore } from '#services/settle/epoch-store';
import { folderFiles } from '#protocol/settle/folder';
import { emptyState } from '#protocol/settle/state';
import { computed, testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { policyInForce } from '#services/explore/policy-in-force';
import { keepPolicy, openPolicies } from '#services/runtime/policies';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { policyHash } from '#protocol/settle/policy-codec';
import { epochNumber } from '#protocol/units';
import { storedEpochs, storeEpoch, storeHotspots, storeReports } from '#services/explore/store';
import type { ReportRow, Tables } from '#services/explore/tables';
import { epoch, hotspot, payout, report, witness } from '../support/explorer-rows.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';

const logger = createLogger({ stage: 'explore', level: 'silent' });
const raise = (error: Error): never => {
  throw error;
};
function behavesAsReadModel(open: () => Promise<Kysely<Tables>>): void {
  let database: Kysely<Tables>;
  let server: HttpServer;
  beforeAll(async () => {
    database = await open();
    server = createHttpServer({ logger, metrics: openMetrics('explore'), health: () => ({ ok: true }) });
    await addExplorer(server, { database, logger });
  });
  afterAll(async () => {
    await server.close();
    await database.destroy();
  });
  beforeEach(async () => {
    for (const table of ['report', 'hotspot', 'epoch', 'payout'] as const)
      await database.deleteFrom(table).execute();
  });
  const get = async (url: string): Promise<{ status: number; body: unknown }> => {
    const answer = await server.inject({ method: 'GET', url });
    return { status: answer.statusCode, body: answer.json() };
  };

  it('keeps u64 and times exact and shows a beacon with its witnesses', async () => {
    await storeReports(database, [report, witness]);
    const { status, body } = await get('/v1/beacons');
    expect(status).toBe(200);
    const shown = (row: ReportRow) => ({ ...row, numbers: { distance_m: 512 } });
    expect(body).toEqual([{ beacon: shown(report), witnesses: [shown(witness)] }]);
  });

  it('lets a settled verdict replace a provisional one and never the other way round', async () => {
    await storeReports(database, [report]);
    await storeReports(database, [{ ...report, reason: 'invalid_packet', final: true }]);
    await storeReports(database, [{ ...report, reason: null }]);
    const rows = await database.selectFrom('report').select(['reason', 'final']).execute();
    expect(rows).toEqual([{ reason: 'invalid_packet', final: true }]);
  });

  it('stores the same verdicts twice as one', async () => {
    await storeReports(database, [report, witness]);
    await storeReports(database, [report, witness]);
    expect(await database.selectFrom('report').select('log_index').execute()).toHaveLength(2);
  });

  it('stores more rows than one statement can hold', async () => {
    const rows = Array.from({ length: 2500 }, (_, index) => ({ ...report, log_index: index }));
    await storeReports(database, rows);
    expect(await database.selectFrom('report').select('log_index').execute()).toHaveLength(2500);
  });

  it('stores an epoch whole, and again with what the chain has finalized instead', async () => {
    await storeEpoch(database, { epoch, reports: [{ ...report, final: true }], payouts: [payout] });
    await storeEpoch(database, { epoch: { ...epoch, tuple_hash: 'other' }, reports: [], payouts: [] });
    expect(await storedEpochs(database)).toEqual(new Map([['3', 'other']]));
    expect((await get('/v1/epochs/3')).body).toEqual({
      epoch: { ...epoch, tuple_hash: 'other' },
      payouts: [],
    });
  });

  it('leaves nothing of an epoch that cannot be stored', async () => {
    const broken = { ...payout, cumulative: 'not a number' };
    await expect(storeEpoch(database, { epoch, reports: [report], payouts: [broken] })).rejects.toThrow();
    expect(await database.selectFrom('report').select('log_index').execute()).toEqual([]);
    expect((await storedEpochs(database)).size).toBe(0);
  });

  it('takes each settled epoch from the first source that has it, whatever is wrong with the others', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'coverant-sources-'));
    const world = new TestWorld({
      hotspots: [0, 1, 2, 3].map((at) => testHotspot(`shown ${at}`, at)),
      epochs: 1,
    });
    world.busyEpoch(0);
    const input = world.input(0, { state: emptyState(), parent: null });
    const result = computed(input);
    const { tupleHash, tuple } = result;
    const entry = { epoch: tuple.epoch, tupleHash, parentTupleHash: tuple.parentTupleHash };
    const store = await openEpochStore(join(dir, 'oracle/epochs'), () => entry);
    await store.write(entry, folderFiles(input, result));
    await mkdir(join(dir, 'broken/epochs'), { recursive: true });
    await writeFile(join(dir, 'broken/epochs/index.json'), 'rubbish');
    const sources = [join(dir, 'broken'), join(dir, 'oracle')].map(openPublicFiles);

    await expect(followEpochs({ database, sources, latest: tupleHash, logger })).rejects.toThrow(/JSON/);
    expect(await storedEpochs(database)).toEqual(new Map([['0', tupleHash]]));
    const [beacon] = (await get('/v1/beacons?limit=1')).body as { witnesses: { says: string }[] }[];
    expect(beacon?.witnesses[0]?.says).toMatch(/^Paid: heard at -130\.0 dBm \(free space allows /);
    await rm(dir, { recursive: true, force: true });
  });

  it('shows a hotspot by key and by address with verdicts by reason and payouts', async () => {
    await storeHotspots(database, [hotspot]);
    await storeReports(database, [
      report,
      { ...report, log_index: 9, reason: 'irregular_interval', side: 'beaconer' },
    ]);
    await storeEpoch(database, { epoch, reports: [], payouts: [payout] });
    const byKey = await get(`/v1/hotspots/${hotspot.key}`);
    expect(byKey.body).toMatchObject({
      hotspot,
      reasons: expect.arrayContaining([
        { kind: 'beacon', reason: 'irregular_interval', count: 1 },
        { kind: 'beacon', reason: null, count: 1 },
      ]) as unknown,
      payouts: [payout],
    });
    expect(await get(`/v1/hotspots/${hotspot.address}`)).toEqual(byKey);
    expect((await get('/v1/hotspots')).body).toEqual([{ ...hotspot, beacons: 2, witnesses: 0, unpaid: 1 }]);
  });

  it('answers what is unknown or malformed with a code and what to do', async () => {
    expect(await get('/v1/epochs/99')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await get('/v1/epochs/minus')).toMatchObject({ status: 400, body: { code: 'malformed_request' } });
    expect(await get('/v1/beacons?limit=100000')).toMatchObject({
      status: 400,
      body: { code: 'malformed_request' },
    });
    // What SQL could not take is refused before it gets there.
    for (const url of ['/v1/beacons?before=1e30', `/v1/hotspots/${'z'.repeat(50)}%00`])
      expect(await get(url)).toMatchObject({ status: 400, body: { code: 'malformed_request' } });
    expect(await get(`/v1/hotspots/${'z'.repeat(50)}`)).toMatchObject({ status: 404 });
    expect(await get('/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('serves the page under a policy that lets no foreign script in, and the description of the API', async () => {
    const page = await server.inject({ method: 'GET', url: '/' });
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    const description = await server.inject({ method: 'GET', url: '/docs/json' });
    expect(Object.keys(description.json<{ paths: object }>().paths)).toContain('/v1/hotspots/{key}');
  });
}

describe('the read model in PGlite', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'coverant-explore-'));
  });
  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
  });
  behavesAsReadModel(() => openDatabase({ url: null, dir: join(dir, 'model'), logger, lost: raise }));

  it('continues from what was stored before', async () => {
    const kept = join(dir, 'kept');
    const first = await openDatabase({ url: null, dir: kept, logger, lost: raise });
    await storeReports(first, [report]);
    await first.destroy();
    const second = await openDatabase({ url: null, dir: kept, logger, lost: raise });
    expect(await second.selectFrom('report').select('log_index').execute()).toEqual([{ log_index: 7 }]);
    await second.destroy();
  });

  it('deletes and rebuilds a database whose tables an older version made', async () => {
    const older = join(dir, 'older');
    const first = await openDatabase({ url: null, dir: older, logger, lost: raise });
    await first.schema.alterTable('report').dropColumn('says').execute();
    await first.destroy();
    const second = await openDatabase({ url: null, dir: older, logger, lost: raise });
    await storeReports(second, [report]);
    expect(await second.selectFrom('report').select('says').execute()).toEqual([{ says: report.says }]);
    await second.destroy();
  });

  it('answers with an error, and does not wait for ever, once its thread has ended', async () => {
    const thread = await PgliteThread.open(join(dir, 'ended'), raise);
    await thread.close();
    const query = sql`select 1`.compile(new Kysely({ dialect: new PgliteDialect(thread) }));
    await expect(thread.executeQuery(query)).rejects.toThrow(/thread has ended/);
    await thread.close();
  });

  it('deletes and rebuilds a database that does not open', async () => {
    const damaged = join(dir, 'damaged');
    await mkdir(damaged);
    await writeFile(join(damaged, 'PG_VERSION'), 'rubbish');
    await writeFile(join(damaged, 'postgresql.conf'), 'rubbish');
    const database = await openDatabase({ url: null, dir: damaged, logger, lost: raise });
    await storeReports(database, [report]);
    expect(await database.selectFrom('report').select('log_index').execute()).toHaveLength(1);
    await database.destroy();
  });
});

describe('the policy that a provisional verdict is explained by', () => {
  it('is the one in force for its epoch, if the chain was read and it is at hand', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'coverant-policies-'));
    const [present, next] = [DEFAULT_POLICY, { ...DEFAULT_POLICY, selected_witnesses: 13 }];
    const pin = (policy: Policy) => ({ hash: policyHash(policy), creditPrice: 1n });
    await keepPolicy(dir, { policy: present });
    const policyOf = openPolicies(dir);
    const network = {
      policy: pin(present),
      pendingPolicy: { policy: pin(next), firstEpoch: epochNumber(9n) },
    };
    expect(await policyInForce(policyOf, { network: null, epoch: '8' })).toBeNull();
    expect(await policyInForce(policyOf, { network, epoch: '8' })).toEqual(present);
    expect(await policyInForce(policyOf, { network, epoch: '9' })).toBeNull();
    await keepPolicy(dir, { policy: next });
    expect(await policyInForce(policyOf, { network, epoch: '9' })).toEqual(next);
    await rm(dir, { recursive: true });
  });
});

const programs = await findPostgres();
if (programs === null)
  console.log('PostgreSQL is not installed: its read model is not tested, that of PGlite is.');
describe.runIf(programs !== null)('the read model in PostgreSQL', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres(programs ?? '');
  });
  afterAll(async () => {
    await server.close();
  });
  behavesAsReadModel(() => openDatabase({ url: server.url, dir: '', logger, lost: raise }));

  it('outlives its connections, as when the server restarts', async () => {
    const database = await openDatabase({ url: server.url, dir: '', logger, lost: raise });
    const killer = await openDatabase({ url: server.url, dir: '', logger, lost: raise });
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()`.execute(
      killer,
    );
    await storeReports(killer, [report]);
    // A statement that still got the dead connection fails; the pool has a new one for the next.
    const rows = () =>
      database
        .selectFrom('report')
        .select('log_index')
        .execute()
        .catch(() => []);
    await expect.poll(rows).toHaveLength(1);
    await Promise.all([database.destroy(), killer.destroy()]);
  });
});
