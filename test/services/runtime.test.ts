import { createServer } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { readKeypair } from '#services/runtime/chain-keypair';
import {
  parseCheckConfig,
  parseClaimConfig,
  parseIngestConfig,
  parseSettleConfig,
} from '#services/runtime/config';
import { createHttpServer } from '#services/runtime/http-server';
import { logOrigin } from '#services/runtime/log-origin';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { contentJobId, jobOptions } from '#services/runtime/queue';
import { openRedis } from '#services/runtime/redis';
import { openRegistryReader, parseRegistryFile, registryPath } from '#services/runtime/registry-file';
import { openLifetime } from '#services/runtime/shutdown';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { makeDataDir, SILENT, writeRegistry } from '../support/service-world.ts';

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
}

describe('configuration', () => {
  it('has a default for everything, and Redis of its own port', () => {
    expect(parseIngestConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      rpcUrl: 'http://127.0.0.1:8899',
    });
    expect(parseCheckConfig({}).redisUrl).toBe('redis://127.0.0.1:6390');
    expect(parseSettleConfig({ ORACLE: '2' })).toMatchObject({ oracle: 2, port: 8092 });
    expect(parseSettleConfig({}).crossCheckRpcUrls).toEqual([]);
    expect(parseSettleConfig({ CROSS_CHECK_RPC_URLS: 'https://a/key, http://b/' }).crossCheckRpcUrls).toEqual(
      ['https://a/key', 'http://b'],
    );
    expect(parseClaimConfig({ FOLDER_URLS: 'http://a/, https://b' }).folderUrls).toEqual([
      'http://a',
      'https://b',
    ]);
  });

  it('names the variable that cannot be used, its value and what it should be', () => {
    expect(() => parseIngestConfig({ PORT: '80a' })).toThrow(
      /PORT=80a cannot be used: expected a whole number/,
    );
    expect(() => parseIngestConfig({ PORT: '65536' })).toThrow(/from 0 to 65535/);
    expect(() => parseIngestConfig({ LOG_LEVEL: 'loud' })).toThrow(/LOG_LEVEL=loud .* fatal, error/);
    expect(() => parseIngestConfig({ RPC_URL: 'ws://a' })).toThrow(/http:\/\/ or https:\/\//);
    expect(() => parseCheckConfig({ REDIS_URL: 'a' })).toThrow(/redis:\/\//);
  });

  it('repeats no password and no key of a provider that an address holds', () => {
    for (const url of ['http://user:s3cret@host', 'user:s3cret@host', 'ftp://host/?api-key=s3cret'])
      expect(messageOf(() => parseCheckConfig({ REDIS_URL: url }))).toMatch(
        /^REDIS_URL=(?!.*s3cret).*\.\.\. cannot/,
      );
  });

  it('quotes nothing of a key file that is none', async () => {
    const data = await makeDataDir(new TestWorld({ hotspots: [], epochs: 0 }));
    const file = join(data.dataDir, 'key.json');
    await writeFile(file, '[201, 202, 203');
    await expect(readKeypair(file)).rejects.toThrow(/^.*key\.json: expected a Solana key file((?!201).)*$/s);
    await data.close();
  });
});

describe('a lifetime', () => {
  it('closes what was opened in reverse order, once, and goes on when one fails', async () => {
    const closed: string[] = [];
    const lifetime = openLifetime({ logger: SILENT, onSignals: false });
    const thing = (name: string): { close: () => void } => ({ close: () => void closed.push(name) });
    lifetime.own(thing('log'));
    lifetime.own({ close: () => Promise.reject(new Error('broken')) });
    lifetime.own(thing('server'));

    expect(lifetime.signal.aborted).toBe(false);
    await Promise.all([lifetime.stop(), lifetime.stop()]);

    expect(lifetime.signal.aborted).toBe(true);
    expect(closed).toEqual(['server', 'log']);
  });
});

describe('the logger', () => {
  it('does not repeat the password that Redis refused', async () => {
    const { port, close } = await refusingRedis();
    const lines: string[] = [];
    const destination = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString());
        done();
      },
    });
    const logger = createLogger({ stage: 'verify', level: 'info', destination });
    const link = openRedis({ url: `redis://user:s3cret@127.0.0.1:${port}`, logger });
    await vi.waitFor(() => {
      expect(lines.join('')).toContain('WRONGPASS');
    });
    await link.close();
    close();
    expect(lines.join('')).not.toContain('s3cret');
  });

  it('writes JSON lines with the stage, and errors with their code', () => {
    const lines: string[] = [];
    const destination = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString());
        done();
      },
    });
    const logger = createLogger({ stage: 'ingest', level: 'info', destination });
    logger.info({ error: Object.assign(new Error('full'), { code: 'ENOSPC' }) }, 'cannot write');
    logger.debug('quiet');

    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      stage: 'ingest',
      msg: 'cannot write',
      error: { message: 'full', code: 'ENOSPC' },
    });
  });
});

/** A server that takes no password. */
async function refusingRedis(): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      const commands = data.toString().split('*').length - 1;
      socket.write('-WRONGPASS invalid username-password pair\r\n'.repeat(commands));
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => server.close() };
}

describe('the registry file', () => {
  it('is parsed once for all who ask at the same time', async () => {
    const data = await makeDataDir(new TestWorld({ hotspots: [testHotspot('asked', 0)], epochs: 1 }));
    const reader = openRegistryReader(data.dataDir);
    const answers = await Promise.all(Array.from({ length: 100 }, () => reader.read()));
    expect(answers[0]?.hotspots).toHaveLength(1);
    expect(new Set(answers).size).toBe(1);
    await data.close();
  });

  it('is read as it was written, again when it changes, and not where it does not fit', async () => {
    const [first, second] = [testHotspot('one', 0), testHotspot('two', 1, { cell: null, tier: 'open' })];
    const world = new TestWorld({ hotspots: [first], epochs: 1 });
    const data = await makeDataDir(world);
    const reader = openRegistryReader(data.dataDir);

    expect((await reader.read())?.hotspots.map(({ key }) => key)).toEqual([first.key]);
    const same = await reader.read();
    expect(await reader.read()).toBe(same);
    await writeRegistry(data.dataDir, world, [first, second]);
    const changed = await reader.read();
    expect(changed?.hotspots[1]).toMatchObject({
      tier: { next: 'open' },
      location: { current: { cell: 0n } },
    });
    expect(changed?.hotspots[0]?.location.current.cell).toBe(first.facts.cell);

    const text = await readFile(registryPath(data.dataDir), 'utf8');
    expect(() => parseRegistryFile(text.replace('"active"', '"asleep"'))).toThrow(/registry\.json: .*status/);
    await writeFile(registryPath(data.dataDir), '{');
    await expect(reader.read()).rejects.toThrow();
    await data.close();
    expect(await openRegistryReader(data.dataDir).read()).toBeNull();
  });
});

describe('jobs', () => {
  it('have ids by content in the three parts that BullMQ allows, whatever the origin holds', () => {
    const id = contentJobId({ origin: 'a:b/c/d', index: 7, digest: 'ff' });
    expect(id.split(':')).toEqual(['a%3Ab/c/d', '7', 'ff']);
    expect(jobOptions('check')).toMatchObject({ attempts: 3, removeOnComplete: { count: 64 } });
    expect(jobOptions('verdicts').removeOnComplete).toBe(true);
  });
});

describe('an origin', () => {
  it('takes no part that a note or a path could not hold', () => {
    expect(logOrigin({ name: 'demo', network: 'abc', ingest: 'ingest' })).toBe('demo/abc/ingest');
    for (const name of ['a b', 'a+b', 'a/b', '', 'ä'])
      expect(() => logOrigin({ name, network: 'abc', ingest: 'ingest' })).toThrow(/cannot be part/);
  });
});

describe('every stage', () => {
  it('answers /health by its state and /metrics under its verb', async () => {
    const metrics = openMetrics('claim');
    metrics.counter('paid_total', 'Claims', ['kind']).inc({ kind: 'hotspot' }, 2);
    let ok = true;
    const server = createHttpServer({ logger: SILENT, metrics, health: () => ({ ok, epoch: 3 }) });

    const healthy = await server.inject({ url: '/health' });
    ok = false;
    const ill = await server.inject({ url: '/health' });

    expect([healthy.statusCode, healthy.json()]).toEqual([200, { ok: true, epoch: 3 }]);
    expect(ill.statusCode).toBe(503);
    expect((await server.inject({ url: '/metrics' })).body).toContain(
      'claim_paid_total{kind="hotspot",stage="claim"} 2',
    );
    await server.close();
  });
});
