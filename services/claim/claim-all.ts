import { SystemProgram, type AccountInfo, type Connection, type Keypair } from '@solana/web3.js';
import {
  claim,
  ClientError,
  createPayee,
  createTokenAccount,
  programErrorOf,
  sendInstructions,
  type Network,
} from '#client';
import type { SettlementTree } from '#protocol/settle/tree';
import type { Logger } from '#services/runtime/logger';
import { dueClaims, type DueClaim } from './due-claims.ts';
import { packParcels, type Parcel } from './pack.ts';
import { readSubjects } from './read-subjects.ts';

/** Transactions in flight at a time. */
const CONCURRENCY = 4;
/** getMultipleAccounts takes no more addresses at once. */
const ACCOUNTS_AT_ONCE = 100;

export interface ClaimOutcome {
  readonly claimed: number;
  readonly amount: bigint;
  /** Claims that the chain refused; tried again with the next turn. */
  readonly failed: number;
}

export interface SendContext {
  readonly connection: Connection;
  readonly payer: Keypair;
  readonly network: Network;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Pays everybody what the latest final root owes; idempotent, the program pays nothing twice. */
export async function claimAll(context: SendContext, tree: SettlementTree): Promise<ClaimOutcome> {
  const due = dueClaims(tree.leaves, await readSubjects(context.connection, context.network));
  if (due.length === 0) return { claimed: 0, amount: 0n, failed: 0 };
  await sendParcels(context, await preparations(context, due));
  const failed = await sendParcels(
    context,
    due.map((item) => claimParcel(context, { tree, due: item })),
  );
  const paid = due.filter((item) => !failed.has(item.leaf.key));
  return {
    claimed: paid.length,
    amount: paid.reduce((sum, item) => sum + item.owed, 0n),
    failed: due.length - paid.length,
  };
}

/** Accounts that must stand before a claim: the payee's own and the destination's token account. */
async function preparations(context: SendContext, due: readonly DueClaim[]): Promise<readonly Parcel[]> {
  const { connection, network, payer } = context;
  const parcels: Parcel[] = due
    .filter(({ subject }) => subject.missing)
    .map(({ leaf, subject }) => ({
      label: leaf.key,
      instructions: [
        createPayee({ payer: payer.publicKey, network: network.address, address: subject.destination }),
      ],
    }));
  const owners = [
    ...new Map(due.map(({ subject: { destination } }) => [destination.toBase58(), destination])).values(),
  ];
  for (let at = 0; at < owners.length; at += ACCOUNTS_AT_ONCE) {
    const some = owners.slice(at, at + ACCOUNTS_AT_ONCE).map((owner) => ({
      owner,
      create: createTokenAccount({ payer: payer.publicKey, network: network.address, owner }),
    }));
    const addresses = some.flatMap(({ create }) => create.keys.slice(1, 2).map(({ pubkey }) => pubkey));
    const found = await connection.getMultipleAccountsInfo(addresses);
    some.forEach(({ owner, create }, index) => {
      if (isVacant(found[index])) parcels.push({ label: owner.toBase58(), instructions: [create] });
    });
  }
  return parcels;
}

/** Whether a token account is still to be made: anyone may have sent lamports to its address before. */
function isVacant(account: AccountInfo<Buffer> | null | undefined): boolean {
  return account == null || account.owner.equals(SystemProgram.programId);
}

function claimParcel(
  context: SendContext,
  input: { readonly tree: SettlementTree; readonly due: DueClaim },
): Parcel {
  const { leaf, index, subject } = input.due;
  return {
    label: leaf.key,
    instructions: [
      claim({
        network: context.network.address,
        subject: subject.account,
        destination: subject.destination,
        cumulative: leaf.cumulative,
        index,
        proof: input.tree.prove(leaf.key)?.proof ?? [],
      }),
    ],
  };
}

/** Sends all, some at a time; a transaction that is refused is taken apart, so that one bad parcel stops no other. */
export async function sendParcels(
  context: SendContext,
  parcels: readonly Parcel[],
): Promise<ReadonlySet<string>> {
  const waiting = [...packParcels(parcels, context.payer.publicKey)];
  const failed = new Set<string>();
  const sendOne = async (): Promise<void> => {
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      try {
        const instructions = batch.flatMap((parcel) => parcel.instructions);
        await sendInstructions(context.connection, {
          instructions,
          payer: context.payer,
          signal: context.signal,
        });
      } catch (error) {
        context.signal.throwIfAborted();
        if (!isRefusal(error)) throw error;
        if (batch.length > 1) waiting.push(...batch.map((parcel) => [parcel]));
        else reportFailure(context, { batch, error, failed });
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, sendOne));
  return failed;
}

/** Whether an instruction failed, in whatever program: then it is the parcel's fault, and not the payer's or the node's. */
function isRefusal(error: unknown): boolean {
  if (programErrorOf(error) !== null) return true;
  const isRefused = error instanceof ClientError && error.code === 'transaction_failed';
  return isRefused && /InstructionError|Error processing Instruction/.test(error.message);
}

function reportFailure(
  { logger }: SendContext,
  input: { readonly batch: readonly Parcel[]; readonly error: unknown; readonly failed: Set<string> },
): void {
  for (const { label } of input.batch) {
    input.failed.add(label);
    logger.warn(
      { error: input.error, subject: label, refusal: programErrorOf(input.error)?.name },
      'claim refused',
    );
  }
}
