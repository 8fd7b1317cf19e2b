import { Command, InvalidArgumentError, Option } from 'commander';
import { EXIT_CODES } from './report/report.ts';

export interface AuditArguments {
  /** undefined with --from-genesis. */
  readonly epoch?: bigint;
  readonly fromGenesis?: true;
  readonly from?: string;
  readonly rpc?: string;
  readonly network?: string;
  readonly genesis?: string;
  readonly sample?: number;
  readonly seed?: string;
  readonly disclosures?: string;
  /** true: to standard output; text: the file. */
  readonly json?: true | string;
}

/** Ends the process where an argument does not fit: usage errors say nothing about the epoch, they are "could not check". */
export function parseAuditArguments(argv: readonly string[]): AuditArguments {
  const command = new Command('audit')
    .description('Recomputes epochs from public files and the chain alone.')
    .option('--epoch <number>', 'which epoch', parseEpoch)
    .addOption(new Option('--from-genesis', 'every epoch from 0 to the latest final one').conflicts('epoch'))
    .option(
      '--from <place>',
      "URL or folder of an oracle's public files (default: the first oracle below DATA_DIR)",
    )
    .option('--rpc <url>', "the chain's RPC (default: of DATA_DIR/network.json)")
    .option('--network <address>', "the network's address (default: of DATA_DIR/network.json)")
    .option('--genesis <hash>', "genesis hash of the network's cluster (default: of DATA_DIR/network.json)")
    .option('--sample <number>', 'verify the signatures of so many random beacons of an epoch', parseCount)
    .option('--seed <text>', 'which beacons --sample chooses (default: random)')
    .option(
      '--disclosures <place>',
      "file or folder of all disclosures of the epochs: verify packets' signatures instead of believing them",
    )
    .option('--json [file]', 'write the report as JSON to a file, or instead of the lines')
    .addHelpText('after', '\nExit code: 0 agrees, 1 differs, 2 could not check. docs/audit.md says more.')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_CODES.could_not_check))
    .parse([...argv]);
  const options = command.opts<AuditArguments>();
  if (options.epoch === undefined && options.fromGenesis === undefined)
    command.error('error: name an epoch by --epoch, or all by --from-genesis');
  if (options.seed !== undefined && options.sample === undefined)
    command.error('error: --seed chooses what --sample verifies');
  return options;
}

function parseEpoch(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('expected an epoch number');
  return BigInt(text);
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected a number from 1 on');
  return Number(text);
}
