import { Command, InvalidArgumentError } from 'commander';
import type { Address } from '#protocol/units';
import type { NetworkPlace } from '../chain/ask-chain.ts';
import { parseAddress } from '../options/address.ts';
import { parseRpc } from '../options/rpc.ts';

interface ByOwner extends NetworkPlace {
  readonly key: string;
}

/** `credits`: the data credits with which an owner of devices pays for packets (docs/spec/routing.md). */
export function creditsCommand(): Command {
  const command = new Command('credits').description('show, buy and take back an owner’s data credits');
  onChain(command.command('show'))
    .description('print what an owner bought, used and asked back, and what a credit costs')
    .argument('<owner>', 'address of the owner', parseAddress)
    .action(async (owner: Address, place: NetworkPlace) => {
      const { showCredits } = await import('./change-credits.ts');
      for (const line of await showCredits({ ...place, owner })) console.log(line);
    });
  byOwner(command.command('buy'))
    .description('burn tokens for credits, which hold from the next epoch on')
    .argument('<credits>', 'how many, $0.00001 each', parseCount)
    .option(
      '--max-tokens <units>',
      'burn no more smallest units than these (default: what the credits cost now)',
      parseCount,
    )
    .action(async (credits: bigint, of: ByOwner & { readonly maxTokens?: bigint }) => {
      const { buyCredits } = await import('./change-credits.ts');
      console.log(await buyCredits({ ...of, keyFile: of.key, credits, maxTokens: of.maxTokens ?? null }));
    });
  byOwner(command.command('withdraw'))
    .description('ask credits back, which are paid at what they cost when all use of them is final')
    .argument('<credits>', 'how many of those in force and not used', parseCount)
    .action(async (credits: bigint, of: ByOwner) => {
      const { withdrawCredits } = await import('./change-credits.ts');
      console.log(await withdrawCredits({ ...of, keyFile: of.key, credits }));
    });
  byOwner(command.command('settle'), 'key file of who pays the fee')
    .description('settle an owner’s usage by the latest final epoch, and pay a withdrawal that is due')
    .argument('<owner>', 'address of the owner', parseAddress)
    .requiredOption('--from <place>', 'URL or folder of an oracle’s public files')
    .action(async (owner: Address, of: ByOwner & { readonly from: string }) => {
      const { settleCredits } = await import('./change-credits.ts');
      console.log(await settleCredits({ ...of, keyFile: of.key, owner }));
    });
  return command;
}

const onChain = (command: Command): Command =>
  command
    .requiredOption('--network <address>', 'address of the network', parseAddress)
    .requiredOption('--rpc <url>', 'RPC of the chain', parseRpc);

const byOwner = (command: Command, whose = 'key file of the owner'): Command =>
  onChain(command.requiredOption('--key <file>', `${whose}, mode 0600`));

function parseCount(text: string): bigint {
  const count = /^[0-9]{1,20}$/.test(text) ? BigInt(text) : 0n;
  if (count === 0n || count >= 2n ** 64n)
    throw new InvalidArgumentError('expected a whole number from 1 to 18446744073709551615');
  return count;
}
