import { Command } from 'commander';
import { requireDenyFile } from '#protocol/deny/deny-file';
import type { Policy } from '#protocol/policy';
import { parsePolicy, policyHash } from '#protocol/settle/policy-codec';
import type { Address, EpochNumber } from '#protocol/units';
import { keepPolicy } from '#services/runtime/policies';
import { verifySignature } from '#services/runtime/signature';
import { readInput } from '../input/read-input.ts';
import { readJson } from '../input/read-json.ts';
import { parseAddress } from '../options/address.ts';
import { parseEpoch } from '../options/epoch.ts';
import { parseRpc } from '../options/rpc.ts';
import { requireUsable } from './require-usable.ts';

interface ListOption {
  readonly deny?: string;
}

/** `policy`: what a change of the rules' parameters takes (docs/operate.md, "Changing the policy"). */
export function policyCommand(): Command {
  const command = new Command('policy').description('check, keep and propose the parameters of the rules');
  command
    .command('check')
    .description('check a policy and the deny list that it names, and print its hash')
    .argument('<policy>', 'JSON file')
    .option('--deny <file>', 'the signed deny list')
    .action(async (file: string, options: ListOption) => {
      console.log(policyHash((await readPolicy(file, options)).policy));
    });
  command
    .command('put')
    .description('put a policy into the folder of a data folder where every stage finds it')
    .argument('<policy>', 'JSON file')
    .option('--deny <file>', 'the signed deny list')
    .requiredOption('--data <folder>', 'data folder of the stages')
    .action(async (file: string, options: ListOption & { readonly data: string }) => {
      console.log(await keepPolicy(options.data, await readPolicy(file, options)));
    });
  command
    .command('propose')
    .description('propose a policy on chain, to hold from an epoch on')
    .argument('<policy>', 'JSON file')
    .option('--deny <file>', 'the signed deny list')
    .requiredOption('--first-epoch <number>', 'must begin after the timelock', parseEpoch)
    .requiredOption('--authority <file>', 'key file of the network’s authority, mode 0600')
    .requiredOption('--network <address>', 'address of the network', parseAddress)
    .requiredOption('--rpc <url>', 'RPC of the chain', parseRpc)
    .action(propose);
  return command;
}

async function propose(
  file: string,
  options: ListOption & {
    readonly firstEpoch: EpochNumber;
    readonly authority: string;
    readonly network: Address;
    readonly rpc: string;
  },
): Promise<void> {
  const { policy } = await readPolicy(file, options);
  // The chain's client is large, and check and put need none.
  const { sendProposal } = await import('./send-proposal.ts');
  const signature = await sendProposal(policy, options);
  console.log(`${policyHash(policy)} holds from epoch ${options.firstEpoch} on (transaction ${signature})`);
}

/** Any JSON of the schema is taken; what is hashed and kept is its canonical form. */
async function readPolicy(
  file: string,
  { deny }: ListOption,
): Promise<{ readonly policy: Policy; readonly denyFile: Uint8Array | null }> {
  const policy = parsePolicy(await readJson(file));
  requireUsable(policy);
  const denyFile = deny === undefined ? null : await readInput(deny);
  requireDenyFile({ policy, bytes: denyFile, verify: verifySignature });
  return { policy, denyFile };
}
