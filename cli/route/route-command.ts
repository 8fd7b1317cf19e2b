import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { privatePartHash, type RouteRequest } from '#protocol/route/route-request';
import type { Address, Hash } from '#protocol/units';
import { CliError } from '../cli-error.ts';
import { parseAddress } from '../options/address.ts';
import { parseRpc } from '../options/rpc.ts';
import { privatePartOf, readRouteFile, type RouteFile } from './route-file.ts';
import { askRouter, postRoute, readOwnerKey } from './router-client.ts';

interface Place {
  readonly router: string;
  readonly network: Address;
  readonly key: string;
  readonly receipt?: string;
}

const YEAR_S = 365 * 86_400;
const REVOKED_S = 399 * 86_400;

/** `route`: what an owner of devices registers with a router (docs/routing.md). */
export function routeCommand(): Command {
  const command = new Command('route').description('register where the packets of your devices go');
  const signed = (name: string): Command =>
    command
      .command(name)
      .requiredOption('--router <url>', "the router's HTTP address", parseRpc)
      .requiredOption('--network <address>', 'address of the network', parseAddress)
      .requiredOption('--key <file>', 'key file of the owner, mode 0600')
      .option('--receipt <file>', "where to keep the log's receipt; by default <route>.receipt.json");
  signed('set')
    .description('sign a route and register it, in place of an older one of its name')
    .argument('<file>', 'JSON of the route (docs/routing.md)')
    .option('--max-copies <number>', 'most copies of a frame that are bought', parseWhole)
    .option('--max-packet-credits <number>', 'what a packet may cost at most', parseWhole)
    .option('--until <seconds>', 'Unix time after which the route is void', parseWhole)
    .action(set);
  signed('revoke').description('revoke a route').argument('<name>', 'name of the route').action(revoke);
  command
    .command('list')
    .description("show an owner's routes and credits as a router knows them")
    .argument('<owner>', 'address of the owner', parseAddress)
    .requiredOption('--router <url>', "the router's HTTP address", parseRpc)
    .action(async (owner: Address, { router }: { readonly router: string }) => {
      console.log(JSON.stringify(await askRouter(router, `/v1/routes/${owner}`), null, 2));
    });
  return command;
}

async function set(
  file: string,
  of: Place & { readonly maxCopies?: number; readonly maxPacketCredits?: number; readonly until?: number },
): Promise<void> {
  const route = await readRouteFile(file);
  const part = privatePartOf(route);
  const now = Date.now();
  await send(of, part, {
    route: route.route,
    // Time goes up by itself: no number has to be remembered between changes.
    sequence: route.sequence ?? now,
    until: of.until ?? route.until ?? Math.floor(now / 1000) + YEAR_S,
    devAddrs: rangesOf(route, file),
    maxCopies: of.maxCopies ?? route.max_copies ?? 1,
    maxPacketCredits: of.maxPacketCredits ?? route.max_packet_credits ?? 11,
    private: privatePartHash(part),
  });
}

async function revoke(route: string, of: Place): Promise<void> {
  const now = Date.now();
  await send(of, null, {
    route,
    sequence: now,
    until: Math.floor(now / 1000) + REVOKED_S,
    devAddrs: [],
    maxCopies: 1,
    maxPacketCredits: 0,
    private: '00'.repeat(32) as Hash,
  });
}

async function send(
  { router, network, key, receipt }: Place,
  part: object | null,
  route: Omit<RouteRequest, 'network' | 'owner'>,
): Promise<void> {
  const owner = await readOwnerKey(key);
  const request: RouteRequest = { ...route, network, owner: parseAddress(owner.address) };
  const answered = await postRoute(router, owner, { request, private: part });
  const file = receipt ?? `${route.route}.receipt.json`;
  await writeFile(file, `${JSON.stringify(answered, null, 2)}\n`);
  const what = route.devAddrs.length === 0 ? 'revoked' : 'registered';
  console.log(
    `${route.route} of ${owner.address} is ${what} (sequence ${route.sequence}); receipt in ${file}`,
  );
}

function rangesOf({ dev_addrs }: RouteFile, file: string): RouteRequest['devAddrs'] {
  return dev_addrs.map((ends) => {
    if (!ends.every((end) => /^[0-9a-f]{8}$/.test(end)))
      throw new CliError('malformed_route_file', { file, field: 'dev_addrs', problem: '8 hex digits each' });
    const [first, last] = ends;
    return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
  });
}

function parseWhole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}
