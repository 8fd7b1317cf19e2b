import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COSIGNATURE, formatVerifierKey, verifierKey } from '#protocol/evidence/verifier-key';
import { openPolicy, policyBytes } from '#protocol/settle/policy-codec';
import { parseDemoOptions } from '../../scripts/demo/options.ts';
import { loadOrCreateKeys } from '../../scripts/demo/start/keys.ts';
import { DEMO_SETTINGS, demoPolicy } from '../../scripts/demo/start/policy.ts';
import { choosePorts, PORT_COUNT } from '../../scripts/demo/start/ports.ts';
import { stageWaves } from '../../scripts/demo/start/stages.ts';
import { freePorts } from '../../scripts/redis.ts';

const WITNESS = formatVerifierKey(verifierKey('witness-0', new Uint8Array(32).fill(7), COSIGNATURE));
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'coverant-demo-'));
});

afterEach(async () => {
  await rm(dataDir, { recursive: true });
});

async function occupy(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('the options', () => {
  it('are read from the command line', () => {
    const options = parseDemoOptions(['--once', '--data', '/data/x', '--port-base', '9000']);
    expect(options).toEqual({ once: true, dataDir: '/data/x', portBase: 9000 });
    expect(parseDemoOptions(['--help'])).toBe('help');
  });

  it('that nobody knows, and ports that are none, are refused', () => {
    expect(() => parseDemoOptions(['--twice'])).toThrow(/--twice/);
    expect(() => parseDemoOptions(['--port-base', '70000'])).toThrow(/--port-base/);
    expect(() => parseDemoOptions(['--port-base', 'x'])).toThrow(/--port-base/);
  });
});

describe('the ports', () => {
  it('are adjacent from the base on, the websocket after the RPC, and the same at the next start', async () => {
    const base = await freePorts(PORT_COUNT);
    const ports = await choosePorts(dataDir, base);
    expect(ports.rpc).toBe(base);
    expect(ports.websocket).toBe(base + 1);
    expect(new Set(Object.values(ports)).size).toBe(PORT_COUNT);
    expect(await choosePorts(dataDir, null)).toEqual(ports);
  });

  it('of a data folder cannot be changed: its policy names them on chain', async () => {
    const base = await freePorts(PORT_COUNT + 1);
    await choosePorts(dataDir, base);
    await expect(choosePorts(dataDir, base + 1)).rejects.toThrow(/belongs to a network on the ports from/);
  });

  it('that are taken are named', async () => {
    const base = await freePorts(PORT_COUNT);
    const server = await occupy(base + 3);
    await expect(choosePorts(dataDir, base)).rejects.toThrow(`port ${base + 3} (ingest) is taken`);
    server.close();
  });
});

describe('the keys', () => {
  it('are made once, readable by their owner only', async () => {
    const keys = await loadOrCreateKeys(dataDir);
    const again = await loadOrCreateKeys(dataDir);
    expect(again.creator.publicKey.toBase58()).toBe(keys.creator.publicKey.toBase58());
    expect(again.simulateSecret).toEqual(keys.simulateSecret);
    expect(keys.oracles).toHaveLength(3);
    expect((await stat(join(dataDir, 'keys', 'oracle-0.json'))).mode & 0o077).toBe(0);
  });
});

describe("the demo's policy", () => {
  it('fits the schema, and its challenge delay fits the epoch four times', () => {
    const log = {
      origin: 'demo/a/ingest',
      vkey: 'demo/a/ingest+00000000+AQ==',
      url: 'http://127.0.0.1:1/log',
    };
    const policy = demoPolicy(DEMO_SETTINGS, [log], [{ vkey: WITNESS, url: 'http://127.0.0.1:2' }]);
    expect(openPolicy(policyBytes(policy))).toEqual(policy);
    expect(4 * DEMO_SETTINGS.challengeDelayS).toBeLessThanOrEqual(DEMO_SETTINGS.epochLengthS);
    expect(DEMO_SETTINGS.epochLengthS % DEMO_SETTINGS.beaconIntervalS).toBe(0);
  });
});

describe('the stages', () => {
  it('are every part of the line, each in a process and on a port of its own', async () => {
    const ports = await choosePorts(dataDir, await freePorts(PORT_COUNT));
    const waves = stageWaves({
      dataDir,
      ports,
      rpcUrl: 'http://127.0.0.1:1',
      redisUrl: 'redis://127.0.0.1:2',
    });
    const programs = [...waves.first, ...waves.second, ...waves.third];
    expect(programs.map(({ name }) => name).sort()).toEqual([
      'check-0',
      'check-1',
      'claim',
      'explore',
      'follow',
      'group',
      'ingest',
      'oracle-0',
      'oracle-1',
      'oracle-2',
      'route',
      'simulate',
      'witness-0',
      'witness-1',
      'witness-2',
    ]);
    const listening = programs.map(({ env }) => env['PORT']).filter((port) => port !== '0');
    expect(new Set(listening).size).toBe(listening.length);
    expect(programs.every(({ leashed }) => leashed)).toBe(true);
  });
});
