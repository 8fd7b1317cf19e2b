import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyFromText } from '#protocol/wire/key';
import { openReport } from '#protocol/wire/report';
import { gatewaysOf, GatewaysError } from '#services/simulate/command/gateways';
import { exitCodeOf } from '../../cli/exit-code.ts';
import { program } from '../../cli/program.ts';
import { simulateCommand } from '../../cli/simulate/simulate-command.ts';
import { openFakeNetwork, openRequest, PATHS, type FakeNetwork } from '../support/simulate/fake-network.ts';
import { VECTORS } from '../support/simulate/vectors.ts';

let network: FakeNetwork;
let dir: string;
beforeEach(async () => {
  network = await openFakeNetwork();
  dir = await mkdtemp(join(tmpdir(), 'coverant-simulate-'));
});
afterEach(async () => {
  await network.close();
  await rm(dir, { recursive: true });
});

async function run(...args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'simulate', ...args]);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

describe('npx coverant simulate', () => {
  it('lists hotspots to register, the same for the same seed', async () => {
    const first = await run('--list', '--hotspots', '2', '--cheat', 'sybil-room=2', '--seed', 'a');
    const list = JSON.parse(first.out) as { readonly key: string; readonly cheat: string | null }[];
    expect(list.map(({ cheat }) => cheat)).toEqual([null, null, 'sybil-room', 'sybil-room']);
    for (const { key } of list) expect(() => keyFromText(key)).not.toThrow();
    expect((await run('--list', '--hotspots', '2', '--cheat', 'sybil-room=2', '--seed', 'a')).out).toBe(
      first.out,
    );
    expect((await run('--list', '--hotspots', '2', '--seed', 'b')).out).not.toContain(list[0]?.key);
  });

  it('runs both versions against a network in real time, and says what was sent', async () => {
    const { uri } = network;
    const args = ['--server', uri, '--server-key', VECTORS.server.bin, '--interval', '5', '--for', '27'];
    const { code, out, err } = await run(...args, '--hotspots', '3', '--old', '1');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('seed 1, 3 hotspots');
    expect(out).toMatch(/ready 3, reports \d+, lostReports 0/);
    const of = (path: string) => network.received.filter((each) => each.path === path);
    const kinds = of(PATHS.stream).map((each) => openRequest(each).kind);
    // Whether anybody hears a beacon is left to the air: three at SF12 fill half of so short an interval.
    expect(kinds).toEqual(expect.arrayContaining(['sessionInit', 'beaconReport']));
    expect(of(PATHS.beacon).length).toBeGreaterThan(0);
    const unary = new Set(of(PATHS.beacon).map(({ message }) => openReport('beacon', message).key));
    expect(unary.size).toBe(1);
  });

  it.each([
    [['--server', 'http://127.0.0.1:9'], /--server-key/],
    [['--server-key', VECTORS.server.bin], /--server/],
    [['--cheat', 'nobody=2'], /plug-in/],
    [['--hotspots', 'many'], /whole number/],
    [['--centre', '52'], /latitude,longitude/],
    [
      ['--server', 'http://127.0.0.1:9', '--server-key', VECTORS.server.bin, '--gwmp', 'localhost:1700'],
      /--places/,
    ],
  ])('refuses %j and says what is missing', async (args, why) => {
    const asked = (await program()).parseAsync(['simulate', ...args], { from: 'user' });
    await expect(asked).rejects.toThrow(why);
    expect(exitCodeOf(await asked.catch((error: unknown) => error))).toBe(2);
  });

  it('refuses places that do not fit the gateways', async () => {
    const file = join(dir, 'places.json');
    await writeFile(file, '[{ "latitude": 52.5, "longitude": 13.4 }]');
    const server = ['--server', network.uri, '--server-key', VECTORS.server.bin, '--places', file];
    const gateways = ['--gwmp', '127.0.0.1:1700', '127.0.0.1:1701'];
    const asked = (await program()).parseAsync(['simulate', '--hotspots', '0', ...server, ...gateways], {
      from: 'user',
    });
    await expect(asked).rejects.toThrow('2 addresses and 1 places');
    expect(exitCodeOf(await asked.catch((error: unknown) => error))).toBe(2);
  });
});

describe('docs/simulate.md', () => {
  const text = readFileSync('docs/simulate.md', 'utf8');

  it('names every flag, and no other', () => {
    const flags = simulateCommand().options.map(({ long }) => long ?? '');
    const rows = text.split('\n').filter((line) => line.startsWith('| `--'));
    const named = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/--[a-z-]+/g)].map(([flag]) => flag),
    );
    expect(named.toSorted()).toEqual(flags.toSorted());
    for (const [flag] of text.matchAll(/(?<=[ `])--[a-z][a-z-]*/g)) expect(flags).toContain(flag);
  });

  it('has no dead link', () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g))
      expect(existsSync(join('docs', target)), target).toBe(true);
  });
});

describe('gateways', () => {
  const place = { latitude: 52.5, longitude: 13.4 };

  it('have a place each, an EUI of their own, and an antenna as sold where none is said', () => {
    const [one, two] = gatewaysOf(
      ['127.0.0.1:1700', '[::1]:1701'],
      [place, { ...place, gain: 30, elevation: 5 }],
    );
    expect(one).toMatchObject({ host: '127.0.0.1', port: 1700, antenna: { place, gain: 12, elevation: 20 } });
    expect(two).toMatchObject({ host: '::1', port: 1701, antenna: { gain: 30, elevation: 5 } });
    expect(Buffer.from(one?.eui ?? []).equals(Buffer.from(two?.eui ?? []))).toBe(false);
  });

  it.each([
    [['127.0.0.1'], [place]],
    [['127.0.0.1:0'], [place]],
    [['127.0.0.1:99999'], [place]],
    [['127.0.0.1:1700'], []],
    [['127.0.0.1:1700'], [{ latitude: 91, longitude: 0 }]],
    [['127.0.0.1:1700'], { latitude: 1, longitude: 1 }],
  ])('%j at %j are refused', (addresses, list) => {
    expect(() => gatewaysOf(addresses, list)).toThrow(GatewaysError);
  });
});
