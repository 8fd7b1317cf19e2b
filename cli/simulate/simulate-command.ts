import { Command, InvalidArgumentError } from 'commander';
import type { HotspotKey } from '#protocol/units';
import { keyText } from '#protocol/wire/key';
import { isCheatName, type CheatName } from '#services/simulate/cheats/cheats';
import { makeCrowd, type Member } from '#services/simulate/command/crowd';
import { gatewaysOf } from '#services/simulate/command/gateways';
import { openCrowd } from '#services/simulate/command/run-crowd';
import { cellAt } from '#services/simulate/fleet';
import type { Coordinates } from '#services/simulate/medium/place';
import { CliError } from '../cli-error.ts';
import { readJson } from '../input/read-json.ts';
import { parseHotspotKey } from '../options/hotspot-key.ts';
import { parseRpc } from '../options/rpc.ts';

interface SimulateOptions {
  readonly server?: string;
  readonly serverKey?: HotspotKey;
  readonly config?: string;
  readonly entropy?: string;
  readonly ingest?: string;
  readonly router?: string;
  readonly hotspots: number;
  readonly old: number;
  readonly cheat: Readonly<Partial<Record<CheatName, number>>>;
  readonly interval: number;
  readonly centre: Coordinates;
  readonly seed: string;
  readonly gwmp: readonly string[];
  readonly places?: string;
  readonly for?: number;
  readonly list?: true;
}

const SAY_MS = 10_000;

/** `simulate`: hotspots that speak the fielded clients' protocol, in one air with each other and with real ones. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('run simulated hotspots against a network, alone or in one air with gateway-rs processes')
    .option('--server <url>', 'where config, entropy, ingest and router are, unless one is named', parseRpc)
    .option('--server-key <key>', "the config service's public key, as in settings.toml", parseHotspotKey)
    .option('--config <url>', 'where region_params is asked for', parseRpc)
    .option('--entropy <url>', 'where remote entropy is fetched', parseRpc)
    .option('--ingest <url>', 'where reports go', parseRpc)
    .option('--router <url>', "where devices' packets go", parseRpc)
    .option('--hotspots <count>', 'honest ones', wholeNumber, 4)
    .option(
      '--old <count>',
      'how many of all, from the first on, speak v1.2.0; the others v1.3.0',
      wholeNumber,
      0,
    )
    .option('--cheat <name=count>', 'cheaters besides, by plug-in; may be repeated', parseCheat, {})
    .option('--interval <seconds>', 'between beacons, as [poc].interval', wholeNumber, 21_600)
    .option('--centre <latitude,longitude>', 'around which they stand', parsePlace, {
      latitude: 52.52,
      longitude: 13.405,
    })
    .option('--seed <text>', 'of keys, places and the air', '1')
    .option('--gwmp <host:port...>', 'gateway-rs processes whose packet forwarders are simulated', [])
    .option('--places <file>', 'JSON list of { latitude, longitude, elevation?, gain? } of the gateways')
    .option('--for <seconds>', 'end by itself', wholeNumber)
    .option('--list', 'print keys, owners, cells and antennas to register as JSON, and end')
    .action(simulate);
}

async function simulate(options: SimulateOptions): Promise<void> {
  const { hotspots, cheat, centre, seed } = options;
  const members = makeCrowd({ honest: hotspots, cheats: cheat, centre, seed });
  if (options.list === true) {
    console.log(JSON.stringify(members.map(listed), null, 2));
    return;
  }
  const { server, serverKey } = options;
  const named = { config: server, entropy: server, ingest: server, ...options };
  if (named.config === undefined || named.entropy === undefined || named.ingest === undefined)
    throw new CliError('incomplete_arguments', { expected: '--server, or --config, --entropy and --ingest' });
  if (serverKey === undefined) throw new CliError('incomplete_arguments', { expected: '--server-key' });
  if (options.gwmp.length > 0 && options.places === undefined)
    throw new CliError('incomplete_arguments', { expected: '--places' });
  const list = options.places === undefined ? [] : await readJson(options.places);
  console.log(`seed ${seed}, ${members.length} hotspots, ${options.gwmp.length} gateways`);
  const crowd = openCrowd({
    members,
    old: options.old,
    servers: {
      config: { uri: named.config, key: serverKey },
      entropy: named.entropy,
      ingest: named.ingest,
      router: options.router ?? server ?? null,
    },
    intervalS: options.interval,
    seed,
    gateways: gatewaysOf(options.gwmp, list),
    onTrouble: (name, what, error) => {
      console.error(`${name}: ${what}: ${error instanceof Error ? error.message : String(error)}`);
    },
  });
  const say = (): void => {
    const counts = Object.entries(crowd.counts());
    console.log(counts.map(([name, count]) => `${name} ${count}`).join(', '));
  };
  const saying = setInterval(say, SAY_MS);
  await ended(options.for);
  clearInterval(saying);
  say();
  await crowd.close();
}

/** Resolves on Ctrl-C, on SIGTERM, or after so many seconds. */
function ended(seconds: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      resolve();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
    if (seconds !== undefined) setTimeout(end, 1000 * seconds);
  });
}

function listed({ name, identity, asserted, gain, elevation, cheat }: Member) {
  const { key, owner } = identity;
  const cell = cellAt(asserted).toString(16);
  return { name, key: keyText(key), owner: owner.publicKey.toBase58(), cell, gain, elevation, cheat };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

function parseCheat(
  text: string,
  before: Readonly<Partial<Record<CheatName, number>>>,
): Readonly<Partial<Record<CheatName, number>>> {
  const [name = '', count = '1'] = text.split('=');
  if (!isCheatName(name)) throw new InvalidArgumentError('expected a plug-in of docs/simulate.md');
  return { ...before, [name]: wholeNumber(count) };
}

function parsePlace(text: string): Coordinates {
  const [, latitude, longitude] = /^(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const place = { latitude: Number(latitude), longitude: Number(longitude) };
  if (!(Math.abs(place.latitude) < 90 && Math.abs(place.longitude) <= 180))
    throw new InvalidArgumentError('expected latitude,longitude in degrees');
  return place;
}
