import { Command, InvalidArgumentError } from 'commander';
import type { HotspotKey } from '#protocol/units';
import type { NetworkPlace } from '../chain/ask-chain.ts';
import { parseAddress } from '../options/address.ts';
import { parseHotspotKey } from '../options/hotspot-key.ts';
import { parseRpc } from '../options/rpc.ts';
import type { LocationOptions } from './asserted-location.ts';

interface ByOwner extends NetworkPlace, LocationOptions {
  readonly key: string;
}

/** `hotspot register`: the first step of an operator, with what the hotspot's own software signed. */
export function registerCommand(): Command {
  return located(byOwner(new Command('register')))
    .description('register a hotspot by what "helium_gateway add" printed, which it signed itself')
    .argument(
      '<file>',
      'its JSON, made with --owner <owner> --payer <network address>; "-" is standard input',
    )
    .action(async (file: string, of: ByOwner) => {
      const { registerHotspot } = await import('./register-hotspot.ts');
      console.log(await registerHotspot({ ...of, keyFile: of.key, file }));
    });
}

/** `hotspot assert`: where it stands. */
export function assertCommand(): Command {
  return located(byOwner(new Command('assert')))
    .description('say where a hotspot stands, from the next epoch on')
    .argument('<hotspot>', 'its key, base58check text or hex', parseHotspotKey)
    .action(async (hotspot: HotspotKey, of: ByOwner) => {
      const { assertLocation } = await import('./register-hotspot.ts');
      console.log(await assertLocation({ ...of, keyFile: of.key, hotspot }));
    });
}

const byOwner = (command: Command): Command =>
  command
    .requiredOption('--key <file>', 'key file of the owner, who pays, mode 0600')
    .requiredOption('--network <address>', 'address of the network', parseAddress)
    .requiredOption('--rpc <url>', 'RPC of the chain', parseRpc);

const located = (command: Command): Command =>
  command
    .option('--cell <index>', 'H3 index of resolution 12, hexadecimal', parseHexCell)
    .option('--lat <degrees>', 'latitude, in the place of a cell', numberFrom(-90, 90))
    .option('--lon <degrees>', 'longitude, in the place of a cell', numberFrom(-180, 180))
    .option('--gain <dBi>', 'of the antenna, 0 to 15 (default: 0)', numberFrom(0, 15))
    .option('--elevation <metres>', 'of the antenna, -500 to 9000 (default: 0)', parseElevation)
    .option('--data-only', 'it takes no part in proof of coverage');

function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^-?[0-9]{1,5}(\.[0-9]{1,12})?$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`expected a number from ${least} to ${most}`);
    return value;
  };
}

function parseElevation(text: string): number {
  const value = numberFrom(-500, 9000)(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('expected whole metres');
  return value;
}

function parseHexCell(text: string): bigint {
  if (!/^[0-9a-f]{15,16}$/.test(text))
    throw new InvalidArgumentError('expected an H3 index, 15 hexadecimal digits');
  return BigInt(`0x${text}`);
}
