import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '#protocol/evidence/checkpoint';
import { leafHash } from '#protocol/evidence/merkle';
import type { EvidenceBody } from '#protocol/evidence/record';
import { decodeReceipt } from '#protocol/evidence/receipt';
import { millis } from '#protocol/units';
import { keyText } from '#protocol/wire/key';
import { openReport, REPORT_LIMITS } from '#protocol/wire/report';
import { createIngestApp } from '#services/ingest/app';
import { openBudget } from '#services/runtime/budget';
import { openEntropyService, type Entropy } from '#services/ingest/entropy';
import { loadOrCreateLogKey } from '#services/ingest/log-key';
import { logSigner } from '#services/runtime/log/log-signer';
import { openLog, type EvidenceLog } from '#services/runtime/log/open-log';
import { REFUSALS } from '#services/ingest/refusals';
import { openReceiptIndex } from '#services/ingest/receipts/receipt-index';
import { openRegistered } from '#services/ingest/registered';
import { MAX_BATCH, MAX_BODY_BYTES } from '#services/ingest/schemas';
import { openBacklogReader, writeBacklog } from '#services/runtime/backlog-file';
import { checkReceipt } from '#services/runtime/evidence/check-receipt';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { openPublishedLog } from '#services/runtime/evidence/published-log';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import type { HttpServer } from '#services/runtime/http-server';
import { openMetrics } from '#services/runtime/metrics';
import { openRegistryReader } from '#services/runtime/registry-file';
import { verifySignature } from '#services/runtime/signature';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { diskThatFills } from '../support/full-disk.ts';
import { hotspotsContext } from '../support/grpc/ingest-world.ts';
import { makeDataDir, SILENT, writeRegistry } from '../support/service-world.ts';

const hotspots = Array.from({ length: 3 }, (_, place) => testHotspot(`ingest ${place}`, place));
const stranger = testHotspot('stranger', 7);
const ORIGIN = 'test/ingest/0';

let app: HttpServer;
let log: EvidenceLog;
let dataDir: string;
let now: number;
let diskFull: boolean;
let closeAll: () => Promise<void>;
let entropy: { current: () => Entropy | null };

beforeEach(async () => {
  const world = new TestWorld({ hotspots, epochs: 1 });
  const data = await makeDataDir(world);
  dataDir = data.dataDir;
  now = Date.now();
  diskFull = false;
  entropy = { current: () => null };
  const dir = join(dataDir, 'ingest');
  log = await openLog({
    dir,
    origin: ORIGIN,
    signer: logSigner(ORIGIN, await loadOrCreateLogKey(dataDir)),
    clock: () => millis(now),
    fatal: (error) => {
      throw error;
    },
    files: diskThatFills(() => diskFull),
  });
  app = await createIngestApp({
    logger: SILENT,
    metrics: openMetrics('ingest'),
    publicDir: join(dir, 'public'),
    entropy: { current: () => entropy.current() },
    receipts: openReceiptIndex({ log, limit: 20, verify: verifySignature }),
    reports: {
      append: (bodies) => log.append(bodies),
      registered: openRegistered(openRegistryReader(dataDir)),
      budgets: { address: openBudget(20), named: openBudget(8), verified: openBudget(4) },
      verify: verifySignature,
      backlogAge: openBacklogReader(dataDir),
      now: () => now,
    },
    hotspots: hotspotsContext({ dataDir, now: () => now }),
    health: () => ({ ok: true, size: log.size }),
  });
  closeAll = async () => {
    await app.close();
    await log.close();
    await data.close();
  };
});
afterEach(() => closeAll());

interface Answer {
  readonly status: number;
  readonly retryAfter: number;
  readonly receipts: readonly { readonly item: number; readonly index: number; readonly leaf_hash: string }[];
  readonly refused: readonly {
    readonly item: number | null;
    readonly code: string;
    readonly retryable: boolean;
  }[];
}

async function post(reports: readonly unknown[], remoteAddress = '192.0.2.1'): Promise<Answer> {
  return postText(JSON.stringify({ reports }), { remoteAddress });
}

async function postText(
  payload: string,
  { remoteAddress = '192.0.2.1', type = 'application/json' } = {},
): Promise<Answer> {
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/reports',
    headers: { 'content-type': type },
    payload,
    remoteAddress,
  });
  const body: Pick<Answer, 'receipts' | 'refused'> = answer.json();
  return { status: answer.statusCode, retryAfter: Number(answer.headers['retry-after'] ?? 0), ...body };
}

/** True reports of a beacon and of two witnesses. */
function trueReports(
  at = 60_000,
): readonly { readonly kind: 'beacon' | 'witness'; readonly report: Uint8Array }[] {
  const [beaconer, ...witnesses] = hotspots;
  if (beaconer === undefined) throw new Error('no hotspot');
  const poc = new TestWorld({ hotspots, epochs: 0 }).poc({ beaconer, witnesses, at });
  return [poc.beacon, ...poc.witnesses].flatMap(({ body }) =>
    body.kind === 'beacon' || body.kind === 'witness' ? [{ kind: body.kind, report: body.report }] : [],
  );
}

function item({ kind, report }: { readonly kind: string; readonly report: Uint8Array }): unknown {
  return { kind, bytes: Buffer.from(report).toString('base64') };
}

const codes = (answer: Answer): readonly string[] => answer.refused.map(({ code }) => code);

describe('ingest', () => {
  it('gives a receipt for each report, whose entry stands in the journal at its index', async () => {
    const reports = trueReports();

    const answer = await post(reports.map(item));

    expect(answer.status).toBe(200);
    expect(answer.refused).toEqual([]);
    expect(answer.receipts.map((receipt) => receipt.item)).toEqual([0, 1, 2]);
    const records = await openJournalReader(join(dataDir, 'ingest', 'journal')).read(0, 10);
    for (const receipt of answer.receipts) {
      const located = records[receipt.index];
      const sent = reports[receipt.item];
      expect(located?.record.body).toMatchObject({ kind: sent?.kind, report: sent?.report, session: null });
      expect(Buffer.from(leafHash(located?.entry ?? new Uint8Array())).toString('hex')).toBe(
        receipt.leaf_hash,
      );
    }
  });

  it('keeps the good items of a batch and names the bad ones', async () => {
    const [beacon, witness] = trueReports();
    const bad = { kind: 'witness', bytes: Buffer.from([0xff, 0xff]).toString('base64') };
    const items = [
      item(beacon ?? never()),
      5,
      bad,
      { kind: 'packet', bytes: '' },
      { kind: 'beacon', bytes: '*' },
    ];

    const answer = await post([...items, item(witness ?? never())]);

    expect(answer.status).toBe(200);
    expect(answer.receipts.map((receipt) => receipt.item)).toEqual([0, 5]);
    expect(answer.refused.map((each) => [each.item, each.code])).toEqual([
      [1, 'malformed_item'],
      [2, 'malformed_report'],
      [3, 'malformed_item'],
      [4, 'malformed_item'],
    ]);
    expect(log.size).toBe(2);
  });

  it('refuses keys that are not registered, unlogged, and takes them once they are', async () => {
    const reports = trueReports();
    const foreign = new TestWorld({ hotspots: [stranger], epochs: 0 });
    const { beacon } = foreign.poc({ beaconer: stranger, witnesses: [], at: 60_000 });
    const report = beacon.body.kind === 'beacon' ? beacon.body.report : never();

    const refused = await post([item({ kind: 'beacon', report })]);

    expect([refused.status, codes(refused), refused.refused[0]?.retryable]).toEqual([
      401,
      ['unknown_key'],
      true,
    ]);
    expect(log.size).toBe(0);
    await writeRegistry(dataDir, new TestWorld({ hotspots, epochs: 1 }), [...hotspots, stranger]);
    const taken = await post([item({ kind: 'beacon', report }), ...reports.map(item)]);
    expect([taken.status, taken.receipts.length]).toEqual([200, 4]);
  });

  it('refuses a key of the other network, a key type that it does not know, and a key that is none', async () => {
    const [beacon] = trueReports();
    const withKey = (change: (key: Uint8Array) => void): unknown => {
      const report = Uint8Array.from(beacon?.report ?? never());
      // Field 2, the key, is first: tag, length, 33 bytes.
      change(report.subarray(2, 35));
      return item({ kind: 'beacon', report });
    };

    const answers = [
      await post([withKey((key) => (key[0] = 0x11))]),
      await post([withKey((key) => (key[0] = 0x03))]),
      await post([withKey((key) => (key[0] = 0x77))]),
    ];

    expect(answers.map((answer) => [answer.status, ...codes(answer)])).toEqual([
      [400, 'wrong_network'],
      [400, 'unsupported_key_type'],
      [400, 'malformed_key'],
    ]);
    expect(log.size).toBe(0);
  });

  it('answers what is no batch of reports with a code of its own', async () => {
    const tooLong = item({ kind: 'beacon', report: new Uint8Array(REPORT_LIMITS.beacon + 1) });

    const answers = [
      await post([]),
      await post([tooLong]),
      await post(Array.from({ length: MAX_BATCH + 1 }, () => 0)),
      await postText('{"reports": ['),
      await postText('{"report": []}'),
      await postText(''),
      await postText('reports', { type: 'text/csv' }),
      await postText(`{"reports": ["${'A'.repeat(MAX_BODY_BYTES)}"]}`),
    ];

    expect(answers.map((answer) => [answer.status, ...codes(answer)])).toEqual([
      [400, 'empty_batch'],
      [413, 'oversized_report'],
      [413, 'too_many_reports'],
      [400, 'malformed_body'],
      [400, 'malformed_body'],
      [400, 'malformed_body'],
      [415, 'unsupported_content_type'],
      [413, 'body_too_large'],
    ]);
    expect(log.size).toBe(0);
  });

  it('answers 404 in the same shape, and metrics count what was refused', async () => {
    const missing = await app.inject({ url: '/v2/reports' });
    await post([]);

    expect([missing.statusCode, missing.json()]).toMatchObject([404, { refused: [{ code: 'not_found' }] }]);
    const metrics = await app.inject({ url: '/metrics' });
    expect(metrics.body).toMatch(/ingest_refused_total\{code="empty_batch",stage="ingest"\} 1/);
    expect((await app.inject({ url: '/health' })).json()).toEqual({ ok: true, size: 0 });
    expect((await app.inject({ url: '/docs/json' })).json()).toMatchObject({ paths: { '/v1/reports': {} } });
  });

  it('charges every item to its client address, and begins anew the next minute', async () => {
    const bad = Array.from({ length: 20 }, () => ({ kind: 'beacon', bytes: '' }));
    now = Math.ceil(now / 60_000) * 60_000 + 15_000;
    const spent = await post(bad);
    const [beacon] = trueReports();

    const refused = await post([item(beacon ?? never())]);
    const neighbour = await post([item(beacon ?? never())], '192.0.2.2');
    now += 45_000;
    const later = await post([item(beacon ?? never())]);

    expect(new Set(codes(spent))).toEqual(new Set(['malformed_key']));
    expect([refused.status, codes(refused), refused.retryAfter]).toEqual([429, ['over_budget'], 45]);
    expect([neighbour.status, later.status]).toEqual([200, 200]);
  });

  it('lets nobody but the hotspot itself spend its budget', async () => {
    const [beacon] = trueReports();
    const report = beacon?.report ?? never();
    const forged = Uint8Array.from(report);
    forged[forged.length - 10] = (forged[forged.length - 10] ?? 0) ^ 1;
    for (let sent = 0; sent < 12; sent += 1)
      expect((await post([item({ kind: 'beacon', report: forged })], `198.51.100.${sent}`)).status).toBe(200);

    const own = [];
    for (let sent = 0; sent < 6; sent += 1) own.push((await post([item({ kind: 'beacon', report })])).status);

    expect(own).toEqual([200, 200, 200, 200, 429, 429]);
  });

  it('refuses with a hint while verdicts are more than a minute behind, and not on old news of it', async () => {
    const [beacon] = trueReports();
    await writeBacklog(dataDir, { oldest: now - 61_000, at: now });
    const refused = await post([item(beacon ?? never())]);
    now += 6000;
    const taken = await post([item(beacon ?? never())]);

    expect([refused.status, codes(refused), refused.retryAfter]).toEqual([429, ['backlog'], 10]);
    expect(taken.status).toBe(200);
  });

  it('receipts nothing that the disk did not take, and goes on when there is room again', async () => {
    const reports = trueReports().map(item);
    await post(reports.slice(0, 1));
    diskFull = true;
    const refused = await post([...reports, 5]);
    diskFull = false;
    const taken = await post(reports);

    expect([refused.status, codes(refused), refused.receipts]).toEqual([
      503,
      ['log_unavailable', 'log_unavailable', 'log_unavailable', 'malformed_item'],
      [],
    ]);
    expect(taken.receipts.map(({ index }) => index)).toEqual([1, 2, 3]);
  });

  it('serves the public files of the log, and nothing of the private ones', async () => {
    await post(trueReports().map(item));
    now += 15_001;
    await log.integrate();

    const checkpoint = await app.inject({ url: '/log/checkpoint' });
    const tile = await app.inject({ url: '/log/tile/0/000.p/3' });

    const { key } = logSigner(ORIGIN, await loadOrCreateLogKey(dataDir));
    const bytes = Uint8Array.from(checkpoint.rawPayload);
    expect(openCheckpoint(bytes, { origin: ORIGIN, keys: [key], verify: verifySignature }).size).toBe(3);
    expect(checkpoint.headers['cache-control']).toBe('no-cache');
    expect(tile.rawPayload.length).toBe(96);
    expect(tile.headers['cache-control']).toContain('immutable');
    for (const url of ['/log/', '/log/tile', '/log/a%00b', '/log/..%5clog-key'])
      expect((await app.inject({ url })).json()).toMatchObject({ refused: [{ code: 'not_found' }] });
    const headers = { range: 'bytes=999999-' };
    expect((await app.inject({ url: '/log/checkpoint', headers })).body).toBe(checkpoint.body);
    for (const url of ['/log/../log-key', '/log/%2e%2e/log-key', '/log/..%2fjournal/durable'])
      expect((await app.inject({ url })).statusCode, url).toBeGreaterThanOrEqual(400);
  });

  it('hands out an entropy only when it is in the log, and only while it is fresh', async () => {
    const service = openEntropyService({
      latestBlock: () => Promise.resolve({ slot: 7n, blockhash: new Uint8Array(32).fill(9), time: null }),
      record: (body: EvidenceBody) => log.append([body]),
      intervalMs: 60_000,
      now: () => now,
      logger: SILENT,
    });
    entropy = service;
    const before = await app.inject({ url: '/v1/entropy' });
    diskFull = true;
    await expect(service.renew()).rejects.toThrow();
    const unlogged = await app.inject({ url: '/v1/entropy' });
    diskFull = false;
    await service.renew();
    const fresh = await app.inject({ url: '/v1/entropy' });
    const [record] = await openJournalReader(join(dataDir, 'ingest', 'journal')).read(0, 1);
    now += 120_000;
    const stale = await app.inject({ url: '/v1/entropy' });

    expect([before, unlogged, fresh, stale].map(({ statusCode }) => statusCode)).toEqual([
      503, 503, 200, 503,
    ]);
    expect(before.json()).toMatchObject({ refused: [{ code: 'entropy_unavailable', retryable: true }] });
    const body = record?.record.body;
    const data = body?.kind === 'entropy' ? Buffer.from(body.data).toString('hex') : '';
    expect(fresh.json()).toEqual({
      data,
      timestamp: Math.floor((now - 120_000) / 1000),
      version: 0,
      slot: '7',
    });
  });
});

describe('receipts that are asked for', () => {
  /** As a fielded hotspot's owner has it: the key and what was on air. */
  const nameOf = (report: Uint8Array, kind: 'beacon' | 'witness') => {
    const { key, data } = openReport(kind, report);
    return { key: keyText(key), payload: Buffer.from(data).toString('hex') };
  };
  const find = async (payload: unknown, remoteAddress = '192.0.2.9'): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/receipts/find',
      headers,
      payload: JSON.stringify(payload),
      remoteAddress,
    });
    const body: Pick<Answer, 'receipts' | 'refused'> = answer.json();
    return { status: answer.statusCode, retryAfter: Number(answer.headers['retry-after'] ?? 0), ...body };
  };

  it('come once the report is public and not before, and hold against the public files', async () => {
    const [beacon, witness] = trueReports();
    const bodies = [beacon, witness].map((body): EvidenceBody => ({ ...(body ?? never()), session: null }));
    // As over a stream: nobody was told.
    await log.append(bodies);
    const name = nameOf(witness?.report ?? never(), 'witness');
    now += 14_999;
    await log.integrate();
    const early = await find(name);
    now += 1;
    await log.integrate();
    const found = await find(name);

    expect([early.status, early.receipts, early.refused]).toEqual([200, [], []]);
    expect(found.receipts.map(({ item: place, index }) => [place, index])).toEqual([[0, 1]]);
    const { key } = logSigner(ORIGIN, await loadOrCreateLogKey(dataDir));
    const reader = publicLogReader({ base: join(dataDir, 'ingest', 'public') });
    const published = await openPublishedLog({ reader, origin: ORIGIN, key });
    const receipt = decodeReceipt(found.receipts[0]);
    expect(receipt.receivedAt).toBe(now - 15_000);
    const checked = await checkReceipt({ receipt, key, log: published, now: millis(now) });
    expect(checked.state).toBe('kept');
    // The same promise in the same bytes, however often it is asked for.
    expect((await find(name)).receipts).toEqual(found.receipts);
  });

  it('come for no other key or payload, nor for a report that the hotspot did not sign', async () => {
    const [beacon, witness] = trueReports();
    const report = beacon?.report ?? never();
    const forged = Uint8Array.from(report);
    forged[forged.length - 10] = (forged[forged.length - 10] ?? 0) ^ 1;
    await log.append([forged, report].map((each) => ({ kind: 'beacon', report: each, session: null })));
    now += 15_000;
    await log.integrate();
    const own = nameOf(report, 'beacon');
    const other = nameOf(witness?.report ?? never(), 'witness');

    expect((await find(own)).receipts.map(({ index }) => index)).toEqual([1]);
    expect((await find({ ...own, key: other.key })).receipts).toEqual([]);
    expect((await find({ ...own, payload: `${own.payload}00` })).receipts).toEqual([]);
  });

  it('are found among the newest entries only, and again by a process that starts anew', async () => {
    const [beacon] = trueReports();
    const report = beacon?.report ?? never();
    const fill = (count: number): EvidenceBody[] =>
      Array.from({ length: count }, () => ({ kind: 'beacon', report: Uint8Array.of(1), session: null }));
    const name = nameOf(report, 'beacon');
    const foundAfter = async (bodies: readonly EvidenceBody[]): Promise<readonly number[]> => {
      await log.append(bodies);
      now += 15_000;
      await log.integrate();
      return (await find(name)).receipts.map(({ index }) => index);
    };
    const own: EvidenceBody = { kind: 'beacon', report, session: null };

    expect(await foundAfter([...fill(30), own])).toEqual([30]);
    expect(await foundAfter(fill(19))).toEqual([30]);
    expect(await foundAfter([own])).toEqual([50]);
    const anew = openReceiptIndex({ log, limit: 20, verify: verifySignature });
    const asked = { key: openReport('beacon', report).key, payload: name.payload };
    expect((await anew.find(asked)).map(({ index }) => index)).toEqual([50]);
  });

  it('are charged to the address that asks, and refused for what is no key or payload', async () => {
    const { key, payload } = nameOf(trueReports()[0]?.report ?? never(), 'beacon');
    const answers = [
      await find({ key }),
      await find({ key, payload: 'XY' }),
      await find({ key: 'nothing', payload }),
    ];
    const asked = [];
    for (let sent = 0; sent < 21; sent += 1) asked.push(await find({ key, payload }, '192.0.2.10'));

    expect(answers.map((answer) => [answer.status, ...codes(answer)])).toEqual([
      [400, 'malformed_body'],
      [400, 'malformed_body'],
      [400, 'malformed_key'],
    ]);
    expect(asked.map(({ status }) => status)).toEqual([...Array.from({ length: 20 }, () => 200), 429]);
    expect(asked.at(-1)?.retryAfter).toBeGreaterThan(0);
  });
});

describe('the table of refusals', () => {
  it('is the one in the README, statuses and retries included', async () => {
    const readme = await readFile(new URL('../../services/ingest/README.md', import.meta.url), 'utf8');
    const rows = readme.matchAll(/^\| (\d{3}) +\| (.*) \| (yes|no) +\|$/gm);
    const told = [...rows].flatMap(([, status, list, retry]) =>
      [...(list ?? '').matchAll(/`([a-z_]+)`/g)].map(([, code]) => [code, Number(status), retry === 'yes']),
    );
    const held = Object.entries(REFUSALS).map(([code, rule]) => [code, rule.status, rule.retryable]);
    expect(told.sort()).toEqual(held.sort());
  });
});

describe('the key of a log', () => {
  it('is made once, for its owner alone', async () => {
    const first = await loadOrCreateLogKey(dataDir);
    expect(await loadOrCreateLogKey(dataDir)).toEqual(first);
    expect(first).toHaveLength(32);
    expect((await stat(join(dataDir, 'ingest', 'log-key'))).mode & 0o777).toBe(0o600);
  });
});

function never(): never {
  throw new Error('the fixture lacks what this test needs');
}
