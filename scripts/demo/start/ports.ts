import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../../redis.ts';
import { endStrayRedis } from './redis.ts';

/** The stages' usual ports; the websocket of the chain is on the port after `rpc`. */
const USUAL = {
  rpc: 8899,
  websocket: 8900,
  redis: 6390,
  ingest: 8080,
  explore: 8081,
  group: 8082,
  follow: 8083,
  claim: 8084,
  simulate: 8085,
  route: 8086,
  device: 8087,
  witness0: 8070,
  witness1: 8071,
  witness2: 8072,
  oracle0: 8090,
  oracle1: 8091,
  oracle2: 8092,
} as const;

export type PortName = keyof typeof USUAL;
export type Ports = Readonly<Record<PortName, number>>;

const NAMES = [
  'rpc',
  'websocket',
  'redis',
  'ingest',
  'explore',
  'group',
  'follow',
  'claim',
  'simulate',
  'route',
  'device',
] as const;
const ORDER: readonly PortName[] = [
  ...NAMES,
  ...(['oracle0', 'oracle1', 'oracle2', 'witness0', 'witness1', 'witness2'] as const),
];

/** How many ports a line takes. */
export const PORT_COUNT = ORDER.length;

/**
 * The ports of a data folder: kept with it, because the policy that is pinned on chain names the log's address. At first
 * from `base` on, or the usual ones, or free ones where one of those is taken.
 */
export async function choosePorts(dataDir: string, base: number | null): Promise<Ports> {
  const file = join(dataDir, 'ports.json');
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null) {
    const ports = parsePorts(JSON.parse(kept));
    if (base !== null && ports.rpc !== base)
      throw new Error(
        `${dataDir} belongs to a network on the ports from ${ports.rpc} on; use another --data`,
      );
    await endStrayRedis(dataDir, ports.redis);
    await requireFree(ports);
    return ports;
  }
  const ports = base === null ? await usualOrFree() : adjacent(base);
  await requireFree(ports);
  await writeFile(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}

async function usualOrFree(): Promise<Ports> {
  return (await firstTaken(USUAL)) === null ? USUAL : adjacent(await freePorts(ORDER.length));
}

function adjacent(base: number): Ports {
  return portsBy((name) => base + ORDER.indexOf(name));
}

function portsBy(port: (name: PortName) => number): Ports {
  return {
    rpc: port('rpc'),
    websocket: port('websocket'),
    redis: port('redis'),
    ingest: port('ingest'),
    explore: port('explore'),
    group: port('group'),
    follow: port('follow'),
    claim: port('claim'),
    simulate: port('simulate'),
    route: port('route'),
    device: port('device'),
    oracle0: port('oracle0'),
    oracle1: port('oracle1'),
    oracle2: port('oracle2'),
    witness0: port('witness0'),
    witness1: port('witness1'),
    witness2: port('witness2'),
  };
}

async function requireFree(ports: Ports): Promise<void> {
  const taken = await firstTaken(ports);
  if (taken !== null)
    throw new Error(
      `port ${ports[taken]} (${taken}) is taken; end what listens there, or use another --data with another --port-base`,
    );
}

async function firstTaken(ports: Ports): Promise<PortName | null> {
  const free = await Promise.all(ORDER.map((name) => isFree(ports[name])));
  return ORDER.find((_, index) => free[index] === false) ?? null;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

function parsePorts(value: unknown): Ports {
  const found = new Map<string, unknown>(
    typeof value === 'object' && value !== null ? Object.entries(value) : [],
  );
  return portsBy((name) => {
    const port = found.get(name);
    if (typeof port !== 'number' || !Number.isInteger(port)) throw new Error(`ports.json: no port ${name}`);
    return port;
  });
}
