import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '#services/runtime/config';
import { textField } from '#services/runtime/config-fields';
import { EXIT_CODES, reportLines } from './report.ts';
import { runAudit } from './run-audit.ts';

// Whatever breaks in here says nothing about the epoch.
process.on('uncaughtException', (error) => {
  process.stderr.write(`COULD NOT CHECK: ${error.stack ?? error.message}\n`);
  process.exit(EXIT_CODES.could_not_check);
});

const dataDir = loadConfig((env) => textField(env, 'DATA_DIR', '.coverant'));

const command = new Command('audit')
  .description('Recomputes an epoch from public files and the chain alone.')
  .requiredOption('--epoch <number>', 'which epoch', parseEpoch)
  .option(
    '--from <place>',
    "URL or folder of an oracle's public files (default: the first oracle below DATA_DIR)",
  )
  .option('--rpc <url>', "the chain's RPC (default: of DATA_DIR/network.json)")
  .option('--network <address>', "the network's address (default: of DATA_DIR/network.json)")
  .option('--genesis <hash>', "genesis hash of the network's cluster (default: of DATA_DIR/network.json)")
  .option('--json', 'print the report as JSON')
  .addHelpText('after', '\nExit code: 0 agrees, 1 differs, 2 could not check.')
  // Usage errors say nothing about the epoch: they are "could not check" too.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse();

const { json, ...options } = command.opts<{
  epoch: bigint;
  from?: string;
  rpc?: string;
  network?: string;
  genesis?: string;
  json?: boolean;
}>();
const report = await runAudit({ dataDir, ...options });
const lines = json === true ? [JSON.stringify(report, null, 2)] : reportLines(report);
process.stdout.write(`${lines.join('\n')}\n`);
process.exit(EXIT_CODES[report.outcome.kind]);

function parseEpoch(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('expected an epoch number');
  return BigInt(text);
}
