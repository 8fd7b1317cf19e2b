import { Command } from 'commander';
import { parseEpochRange, type EpochRange } from '../options/epoch.ts';
import { parseKeeper, parseKeeperName } from '../options/keeper.ts';
import { printable } from '../shown.ts';
import { createKeeperKey } from './keeper-key.ts';
import { proposeEntries } from './propose-entries.ts';
import { signList, verifyList, type ListSummary } from './sign-list.ts';

/** `deny`: entries of a deny list from evidence, and the list that a keeper signs (docs/deny.md). */
export function denyCommand(): Command {
  const command = new Command('deny').description('propose, sign and verify deny lists');
  command
    .command('propose')
    .description('judge epochs again by their public evidence and print whom the classifiers find, and why')
    .requiredOption(
      '--from <place...>',
      "URLs or folders of oracles' public files; the first that has an epoch serves",
    )
    .option('--epochs <A..B>', 'first and last epoch (default: all that the places list)', parseEpochRange)
    .option('--json', 'print the entries for `deny sign` on standard output, and why on standard error')
    .action(propose);
  command
    .command('keygen')
    .description("make a keeper's key and print its public part for the policy")
    .requiredOption('--name <name>', 'name of the keeper, as in example.org/keeper', parseKeeperName)
    .requiredOption('--out <file>', 'new file, readable by its owner alone')
    .action(async ({ name, out }: Readonly<Record<'name' | 'out', string>>) => {
      console.log(await createKeeperKey(out, name));
    });
  command
    .command('sign')
    .description('sign entries and print what the policy says of the list')
    .requiredOption('--entries <file>', 'JSON with keys and edges, as `deny propose --json` prints it')
    .requiredOption('--key <file>', "the keeper's key")
    .requiredOption(
      '--out <file>',
      'the signed list; a file that is there is replaced only if --list names it',
    )
    .option('--list <file>', 'the earlier list of the same keeper, whose entries stand')
    .action(async (options: Parameters<typeof signList>[0]) => {
      print(await signList(options));
    });
  command
    .command('verify')
    .description('check a list, and that it is the one that a policy names')
    .argument('<list>', 'the signed list')
    .option('--policy <file>', 'the policy that names keeper and hash')
    .option('--keeper <vkey>', "the keeper's public key", parseKeeper)
    .action(async (list: string, options: { readonly policy?: string; readonly keeper?: string }) => {
      print(await verifyList({ list, ...options }));
    });
  return command;
}

async function propose({
  json,
  ...of
}: {
  readonly from: readonly string[];
  readonly epochs?: EpochRange;
  readonly json?: true;
}): Promise<void> {
  const { entries, lines } = await proposeEntries(of);
  for (const line of lines.map(printable)) (json === true ? console.error : console.log)(line);
  if (json === true) console.log(JSON.stringify(entries, null, 2));
}

function print({ deny, keys, edges }: ListSummary): void {
  console.error(`${keys} keys and ${edges} pairs`);
  console.log(JSON.stringify(deny));
}
