import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { printable } from './shown.ts';

/** Longest argument that the parser's own errors repeat. */
const LONG_ARGUMENT = /([^\s]{100})[^\s]+/g;

/** Each stands in a file of its own, which is loaded only where it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  bill: async () => (await import('./bill/bill-command.ts')).billCommand(),
  credits: async () => (await import('./credits/credits-command.ts')).creditsCommand(),
  deny: async () => (await import('./deny/deny-command.ts')).denyCommand(),
  endorse: async () => (await import('./endorse/endorse-command.ts')).endorseCommand(),
  hotspot: async () => (await import('./hotspot/hotspot-command.ts')).hotspotCommand(),
  log: async () => (await import('./log/log-command.ts')).logCommand(),
  network: async () => (await import('./network/network-command.ts')).networkCommand(),
  policy: async () => (await import('./policy/policy-command.ts')).policyCommand(),
  receipt: async () => (await import('./receipt/receipt-command.ts')).receiptCommand(),
  route: async () => (await import('./route/route-command.ts')).routeCommand(),
  simulate: async () => (await import('./simulate/simulate-command.ts')).simulateCommand(),
};

/**
 * The commands of `npx coverant`: the one that the first argument asks for, or all where it names none. Every refusal is
 * thrown, the parser's too.
 */
export async function program(asked = ''): Promise<Command> {
  const command = new Command('coverant')
    .description('What operators, owners and reviewers of a network ask for.')
    .version(version())
    .addHelpText('after', '\nExit code: 0 done, 1 refused, 2 could not be done (docs/operate.md).');
  const named = Object.hasOwn(COMMANDS, asked) ? COMMANDS[asked] : undefined;
  const opens = named === undefined ? Object.values(COMMANDS) : [named];
  for (const sub of await Promise.all(opens.map((open) => open()))) command.addCommand(sub);
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
