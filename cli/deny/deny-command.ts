import { Command, InvalidArgumentError } from 'commander';
import { ProtocolError } from '#protocol/errors';
import { createKeeperKey } from './keeper-key.ts';
import { proposeEntries } from './propose-entries.ts';
import { FolderRefused, type EpochRange } from './read-epochs.ts';
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
    .option('--epochs <A..B>', 'first and last epoch (default: all that the places list)', parseRange)
    .option('--json', 'print the entries for `deny sign` on standard output, and why on standard error')
    .action(refusing(propose));
  command
    .command('keygen')
    .description("make a keeper's key and print its public part for the policy")
    .requiredOption('--name <name>', 'name of the keeper, as in example.org/keeper')
    .requiredOption('--out <file>', 'new file, readable by its owner alone')
    .action(async ({ name, out }: Readonly<Record<'name' | 'out', string>>) => {
      console.log(await createKeeperKey(out, name));
    });
  command
    .command('sign')
    .description('sign entries and print what the policy says of the list')
    .requiredOption('--entries <file>', 'JSON with keys and edges, as `deny propose --json` prints it')
    .requiredOption('--key <file>', "the keeper's key")
    .requiredOption('--out <file>', 'the signed list')
    .option('--list <file>', 'the earlier list of the same keeper, whose entries stand')
    .action(
      refusing(async (options: Parameters<typeof signList>[0]) => {
        print(await signList(options));
      }),
    );
  command
    .command('verify')
    .description('check a list, and that it is the one that a policy names')
    .argument('<list>', 'the signed list')
    .option('--policy <file>', 'the policy that names keeper and hash')
    .option('--keeper <vkey>', "the keeper's public key")
    .action(
      refusing(async (list: string, options: { readonly policy?: string; readonly keeper?: string }) => {
        print(await verifyList({ list, ...options }));
      }),
    );
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
  for (const line of lines) (json === true ? console.error : console.log)(line);
  if (json === true) console.log(JSON.stringify(entries, null, 2));
}

function print({ deny, keys, edges }: ListSummary): void {
  console.error(`${keys} keys and ${edges} pairs`);
  console.log(JSON.stringify(deny));
}

/** What is not as it must be ends with code 1; what could not be looked at, with 2 as everywhere. */
function refusing<Args extends readonly unknown[]>(
  action: (...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof FolderRefused)) throw error;
      console.error(error instanceof ProtocolError ? `${error.code}: ${error.message}` : error.message);
      process.exitCode = 1;
    }
  };
}

function parseRange(text: string): EpochRange {
  const [, first, last] = /^(\d{1,19})\.\.(\d{1,19})$/.exec(text) ?? [];
  if (first === undefined || last === undefined)
    throw new InvalidArgumentError('expected A..B, as in 12..18');
  return { first: BigInt(first), last: BigInt(last) };
}
