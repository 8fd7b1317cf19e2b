import { readFile } from 'node:fs/promises';
import { PublicKey } from '@solana/web3.js';
import { Command } from 'commander';
import { proposePolicy, sendInstructions } from '#client';
import { requireDenyFile } from '#protocol/deny/deny-file';
import type { Policy } from '#protocol/policy';
import { parsePolicy, policyHash } from '#protocol/settle/policy-codec';
import { epochNumber } from '#protocol/units';
import { openChain } from '#services/runtime/chain';
import { readKeypair } from '#services/runtime/chain-keypair';
import { keepPolicy } from '#services/runtime/policies';
import { verifySignature } from '#services/runtime/signature';

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
    .requiredOption('--first-epoch <number>', 'must begin after the timelock')
    .requiredOption('--authority <file>', 'key file of the network’s authority')
    .requiredOption('--network <address>', 'address of the network')
    .requiredOption('--rpc <url>', 'RPC of the chain')
    .action(propose);
  return command;
}

async function propose(
  file: string,
  options: ListOption & Readonly<Record<'firstEpoch' | 'authority' | 'network' | 'rpc', string>>,
): Promise<void> {
  const { policy } = await readPolicy(file, options);
  if (!/^(0|[1-9][0-9]{0,19})$/.test(options.firstEpoch))
    throw new RangeError(`--first-epoch takes the number of an epoch, got ${options.firstEpoch}`);
  const firstEpoch = epochNumber(BigInt(options.firstEpoch));
  const authority = await readKeypair(options.authority);
  const network = new PublicKey(options.network);
  const pin = { hash: policyHash(policy), creditPrice: BigInt(policy.credit_price) };
  const proposal = proposePolicy({ authority: authority.publicKey, network, policy: pin, firstEpoch });
  const connection = openChain({ rpcUrl: options.rpc, commitment: 'confirmed' });
  const { signature } = await sendInstructions(connection, { instructions: [proposal], payer: authority });
  console.log(`${pin.hash} holds from epoch ${firstEpoch} on (transaction ${signature})`);
}

/** Any JSON of the schema is taken; what is hashed and kept is its canonical form. */
async function readPolicy(
  file: string,
  { deny }: ListOption,
): Promise<{ readonly policy: Policy; readonly denyFile: Uint8Array | null }> {
  const value: unknown = JSON.parse(await readFile(file, 'utf8'));
  const policy = parsePolicy(value);
  const denyFile = deny === undefined ? null : Uint8Array.from(await readFile(deny));
  requireDenyFile({ policy, bytes: denyFile, verify: verifySignature });
  return { policy, denyFile };
}
