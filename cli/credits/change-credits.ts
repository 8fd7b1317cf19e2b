import { PublicKey, type Connection, type TransactionInstruction } from '@solana/web3.js';
import * as client from '#client';
import { epochNumber, type Address } from '#protocol/units';
import { readSettlement } from '#services/claim/folder-source';
import { openChain } from '#services/runtime/chain';
import { Outage } from '#services/runtime/outage';
import { openPublicFiles } from '#services/runtime/public-files';
import { askChain, type NetworkPlace } from '../chain/ask-chain.ts';
import { readSigner } from '../chain/read-signer.ts';
import { CliError } from '../cli-error.ts';
import { creditsLines } from './credits-lines.ts';

interface Signed extends NetworkPlace {
  /** Of who signs and pays. */
  readonly keyFile: string;
}

export async function showCredits(
  of: NetworkPlace & { readonly owner: Address },
): Promise<readonly string[]> {
  const connection = openConnection(of);
  return await askChain(of, async () =>
    creditsLines({
      owner: of.owner,
      price: await readPrice(connection, of),
      credits: await client.readCredits(connection, { ...keysOf(of), owner: new PublicKey(of.owner) }),
    }),
  );
}

/** Each sends one transaction and says what came of it; Outage where the chain cannot be asked. */
export async function buyCredits(
  of: Signed & { readonly credits: bigint; readonly maxTokens: bigint | null },
): Promise<string> {
  const payer = await readSigner(of.keyFile);
  const connection = openConnection(of);
  return await askChain(of, async () => {
    const cost = client.creditsCost(of.credits, await readPrice(connection, of)) ?? 0n;
    const order = { ...keysOf(of), owner: payer.publicKey, credits: of.credits };
    const instruction = client.buyCredits({ ...order, maxTokens: of.maxTokens ?? cost });
    const signature = await send(connection, { instruction, payer });
    const { balance } = await requireCredits(connection, { ...keysOf(of), owner: payer.publicKey });
    return `bought ${of.credits} for at most ${of.maxTokens ?? cost} smallest units; the balance is ${balance.next} from epoch ${balance.nextFrom} on (transaction ${signature})`;
  });
}

export async function withdrawCredits(of: Signed & { readonly credits: bigint }): Promise<string> {
  const payer = await readSigner(of.keyFile);
  const connection = openConnection(of);
  return await askChain(of, async () => {
    const owner = { ...keysOf(of), owner: payer.publicKey };
    const instruction = client.withdrawCredits({ ...owner, credits: of.credits });
    const signature = await send(connection, { instruction, payer });
    const { withdrawal } = await requireCredits(connection, owner);
    return `asked ${of.credits} back, off the balance from epoch ${withdrawal?.fromEpoch ?? 0n} on; what is not used of them is paid when the epoch before is final (transaction ${signature})`;
  });
}

export async function settleCredits(
  of: Signed & { readonly owner: Address; readonly from: string },
): Promise<string> {
  const payer = await readSigner(of.keyFile);
  const connection = openConnection(of);
  const owner = { ...keysOf(of), owner: new PublicKey(of.owner) };
  return await askChain(of, async () => {
    const { latest } = await client.readNetwork(connection, owner.network);
    if (latest === null) throw new CliError('not_final', { network: of.network });
    const folder = await readSettlement(openPublicFiles(of.from), latest);
    if (folder === null) throw new Outage('file_missing', { location: of.from, epoch: latest.epoch });
    const proof = folder.credits(of.owner);
    if (proof === null) throw new CliError('no_credits_leaf', { owner: of.owner, epoch: latest.epoch });
    const instruction = client.settleCredits({ ...owner, ...proof });
    const signature = await send(connection, { instruction, payer });
    const { settled, withdrawal } = await requireCredits(connection, owner);
    const rest = withdrawal === null ? 'no withdrawal is open' : `${withdrawal.credits} are asked back`;
    return `settled ${settled}; ${rest} (transaction ${signature})`;
  });
}

function openConnection({ rpc }: NetworkPlace): Connection {
  return openChain({ rpcUrl: rpc, commitment: 'confirmed' });
}

function keysOf({ network }: NetworkPlace): { readonly network: PublicKey } {
  return { network: new PublicKey(network) };
}

/** Of the policy in force now; before epoch 0 of the one that will hold in it. */
async function readPrice(connection: Connection, of: NetworkPlace): Promise<bigint> {
  const { unixTime } = await client.readClock(connection);
  const network = await client.readNetwork(connection, keysOf(of).network);
  const since = BigInt(unixTime) - network.firstEpochStart;
  const epoch = since < 0n ? 0n : since / network.epochLengthS;
  return client.policyAt(network, epochNumber(epoch)).creditPrice;
}

async function requireCredits(
  connection: Connection,
  of: { readonly network: PublicKey; readonly owner: PublicKey },
): Promise<client.Credits> {
  const credits = await client.readCredits(connection, of);
  if (credits === null) throw new Outage('chain_behind', { owner: of.owner.toBase58() });
  return credits;
}

async function send(
  connection: Connection,
  of: { readonly instruction: TransactionInstruction; readonly payer: client.SendInput['payer'] },
): Promise<string> {
  const { signature } = await client.sendInstructions(connection, {
    instructions: [of.instruction],
    payer: of.payer,
  });
  return signature;
}
