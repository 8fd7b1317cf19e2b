import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { billCommand } from './bill/bill-command.ts';
import { creditsCommand } from './credits/credits-command.ts';
import { denyCommand } from './deny/deny-command.ts';
import { endorseCommand } from './endorse/endorse-command.ts';
import { hotspotCommand } from './hotspot/hotspot-command.ts';
import { logCommand } from './log/log-command.ts';
import { networkCommand } from './network/network-command.ts';
import { policyCommand } from './policy/policy-command.ts';
import { receiptCommand } from './receipt/receipt-command.ts';
import { routeCommand } from './route/route-command.ts';
import { printable } from './shown.ts';
import { simulateCommand } from './simulate/simulate-command.ts';

/** Longest argument that the parser's own errors repeat. */
const LONG_ARGUMENT = /([^\s]{100})[^\s]+/g;

/** The commands of `npx coverant`; each stands in a file of its own. Every refusal is thrown, the parser's too. */
export function program(): Command {
  const command = new Command('coverant')
    .description('What operators, owners and reviewers of a network ask for.')
    .version(version())
    .addHelpText('after', '\nExit code: 0 done, 1 refused, 2 could not be done (docs/operate.md).')
    .addCommand(billCommand())
    .addCommand(creditsCommand())
    .addCommand(denyCommand())
    .addCommand(endorseCommand())
    .addCommand(hotspotCommand())
    .addCommand(logCommand())
    .addCommand(networkCommand())
    .addCommand(policyCommand())
    .addCommand(receiptCommand())
    .addCommand(routeCommand())
    .addCommand(simulateCommand());
  throwFrom(command);
  return command;
}

/** The parser hands its settings on to commands that it makes itself, not to those that are added. */
function throwFrom(command: Command): void {
  command.exitOverride().configureOutput({ outputError });
  for (const sub of command.commands) throwFrom(sub);
}

function outputError(text: string, write: (text: string) => void): void {
  write(text.split('\n').map(printable).join('\n').replace(LONG_ARGUMENT, '$1...'));
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return version;
}
