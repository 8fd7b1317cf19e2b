import type { Keypair } from '@solana/web3.js';
import { Command } from 'commander';
import { ProtocolError } from '#protocol/errors';
import type { Disclosures } from '#protocol/route/disclosure';
import type { Address, EpochNumber } from '#protocol/units';
import { openChain } from '#services/runtime/chain';
import { readDisclosureFiles } from '#services/runtime/disclosure-files';
import { openPublicFiles } from '#services/runtime/public-files';
import { verifySignature } from '#services/runtime/signature';
import { readSigner } from '../chain/read-signer.ts';
import { CliError } from '../cli-error.ts';
import { Unanswered } from '../exit-code.ts';
import { parseAddress } from '../options/address.ts';
import { parseEpoch } from '../options/epoch.ts';
import { parseRpc } from '../options/rpc.ts';
import { printable } from '../shown.ts';
import { billJson } from './bill-json.ts';
import { billLines } from './bill-lines.ts';
import { problemsOf, type Bill } from './bill-problems.ts';
import { fetchDisclosures } from './fetch-disclosures.ts';
import { readOwner } from './owner-on-chain.ts';
import { tellBill } from './tell-bill.ts';

interface BillOptions {
  readonly network: Address;
  readonly rpc: string;
  readonly folder: string;
  readonly ownerKeypair?: string;
  readonly router?: string;
  readonly owner?: Address;
  readonly disclosures?: string;
  readonly epoch?: EpochNumber;
  readonly json?: true;
}

/** `bill`: what an owner of devices pays for, recomputed packet by packet (docs/bill.md). */
export function billCommand(): Command {
  return new Command('bill')
    .description('recompute what an owner of devices pays for, packet by packet')
    .requiredOption('--network <address>', "the network's address", parseAddress)
    .requiredOption('--rpc <url>', "URL of the chain's RPC", parseRpc)
    .requiredOption('--folder <place>', "URL or folder of an oracle's public files")
    .option('--owner-keypair <file>', "the owner's key file, which asks the router for its disclosures")
    .option('--router <url>', "the router's URL", parseRpc)
    .option('--owner <address>', 'the owner, where its key is not at hand', parseAddress)
    .option('--disclosures <place>', 'file or folder of disclosures, instead of the router')
    .option('--epoch <number>', 'one epoch (default: all final ones with packets)', parseEpoch)
    .option('--json', 'print the bill as JSON (docs/bill.md)')
    .addHelpText('after', '\nExit code: 0 agrees, 1 differs, 2 could not be checked.')
    .action(async (options: BillOptions) => {
      const bill = await askedBill(options).catch(unanswered);
      if (options.json === true) process.stdout.write(`${JSON.stringify(billJson(bill), null, 2)}\n`);
      else process.stdout.write(`${billLines(bill).map(printable).join('\n')}\n`);
      if (problemsOf(bill).length > 0) process.exitCode = 1;
    });
}

async function askedBill(options: BillOptions): Promise<Bill> {
  const { network, rpc, folder, epoch } = options;
  const signer = options.ownerKeypair === undefined ? null : await readSigner(options.ownerKeypair);
  const owner = ownerOf(options, signer);
  const disclosuresOf = await disclosureSource(options, signer);
  const connection = openChain({ rpcUrl: rpc, commitment: 'finalized' });
  const chain = await readOwner(connection, { network, rpc, owner });
  const source = openPublicFiles(folder);
  return await tellBill({ owner, epoch, source, chain, disclosuresOf, verify: verifySignature });
}

function ownerOf({ owner }: BillOptions, signer: Keypair | null): Address {
  const ofKey = signer === null ? undefined : (signer.publicKey.toBase58() as Address);
  const found = owner ?? ofKey;
  if (found === undefined)
    throw new CliError('incomplete_arguments', { expected: '--owner-keypair or --owner' });
  if (ofKey !== undefined && ofKey !== found)
    throw new CliError('incomplete_arguments', { expected: `the key of ${found}`, keypair: ofKey });
  return found;
}

/** Files are of any epochs; a router is asked for each epoch alone. */
async function disclosureSource(
  { disclosures: place, router: url, network }: BillOptions,
  signer: Keypair | null,
): Promise<(epoch: EpochNumber) => Promise<Disclosures>> {
  if (place !== undefined) {
    const held = await readDisclosureFiles(place);
    return () => Promise.resolve(held);
  }
  if (url === undefined || signer === null)
    throw new CliError('incomplete_arguments', {
      expected: '--router with --owner-keypair, or --disclosures',
    });
  return (epoch) => fetchDisclosures({ url, network, signer }, epoch);
}

/** Code 1 says that a bill differs, which no refusal says. */
function unanswered(error: unknown): never {
  throw error instanceof ProtocolError || error instanceof CliError ? new Unanswered(error) : error;
}
