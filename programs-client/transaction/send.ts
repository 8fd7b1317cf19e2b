import {
  SendTransactionError,
  Transaction,
  type BlockhashWithExpiryBlockHeight,
  type Commitment,
  type Connection,
  type Signer,
  type TransactionInstruction,
} from '@solana/web3.js';
import { base58 } from '@scure/base';
import { ClientError } from '../client-error.ts';
import { programErrorOf } from '../program-error.ts';

export interface SendInput {
  readonly instructions: readonly TransactionInstruction[];
  /** Pays the fee; signs too. */
  readonly payer: Signer;
  readonly signers?: readonly Signer[];
  /** Default: confirmed. */
  readonly commitment?: 'processed' | 'confirmed' | 'finalized';
  /** Default: 90 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Sent {
  readonly signature: string;
  readonly slot: number;
}

const POLL_MS = 200;
const RESEND_MS = 2_000;
const DEPTH: readonly Commitment[] = ['processed', 'confirmed', 'finalized'];

/**
 * Signs, sends and waits until the transaction is confirmed; sends again while it is not seen, with a new blockhash only
 * after the old one has expired, so that it lands at most once. Equal transactions on one blockhash are one transaction:
 * sending what has landed already answers with what landed. A refusal by the chain is a `transaction_failed`, in whose
 * cause programErrorOf finds the program's error.
 */
export async function sendInstructions(connection: Connection, input: SendInput): Promise<Sent> {
  const until = Date.now() + (input.timeoutMs ?? 90_000);
  for (;;) {
    const sent = await sendOnOneBlockhash(connection, input, until);
    if (sent !== null) return sent;
  }
}

/** null: the blockhash expired before the transaction landed. */
const sendOnOneBlockhash = async (
  connection: Connection,
  input: SendInput,
  until: number,
): Promise<Sent | null> => {
  const latest = await connection.getLatestBlockhash('confirmed');
  const { bytes, signature } = sign(input, latest);
  let resendAt = 0;
  for (;;) {
    input.signal?.throwIfAborted();
    if (Date.now() >= resendAt) {
      await submit(connection, bytes);
      resendAt = Date.now() + RESEND_MS;
    }
    const status = await statusOf(connection, signature);
    if (status !== null) {
      if (status.err !== null) throw await refused(connection, signature, status.err);
      if (reached(status.confirmationStatus, input.commitment ?? 'confirmed'))
        return { signature, slot: status.slot };
    } else if (await isExpired(connection, latest.lastValidBlockHeight, signature)) return null;
    if (Date.now() > until) throw new ClientError('transaction_unconfirmed', { signature });
    await pause(POLL_MS, input.signal);
  }
};

const sign = (
  input: SendInput,
  latest: BlockhashWithExpiryBlockHeight,
): { bytes: Buffer; signature: string } => {
  const transaction = new Transaction({ feePayer: input.payer.publicKey, ...latest });
  transaction.add(...input.instructions);
  const others = (input.signers ?? []).filter((signer) => !signer.publicKey.equals(input.payer.publicKey));
  transaction.sign(input.payer, ...others);
  const signature = transaction.signature;
  if (signature === null) throw new ClientError('invalid_argument', { transaction: 'unsigned' });
  return { bytes: transaction.serialize(), signature: base58.encode(signature) };
};

const submit = async (connection: Connection, bytes: Buffer): Promise<void> => {
  try {
    await connection.sendRawTransaction(bytes, { preflightCommitment: 'confirmed', maxRetries: 0 });
  } catch (error) {
    if (!(error instanceof SendTransactionError)) throw error;
    // Landed, or the node is a block behind the one that gave the blockhash: the status will tell.
    if (/already been processed|Blockhash not found/i.test(error.message)) return;
    throw new ClientError('transaction_failed', contextOf(error), { cause: error });
  }
};

const refused = async (connection: Connection, signature: string, err: unknown): Promise<ClientError> => {
  const found = await connection.getTransaction(signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
  });
  const logs = found?.meta?.logMessages ?? [];
  const cause = Object.assign(new Error(JSON.stringify(err), { cause: err }), { logs });
  return new ClientError('transaction_failed', { signature, ...contextOf(cause) }, { cause });
};

const contextOf = (error: Error): Readonly<Record<string, string | number>> => {
  const known = programErrorOf(error);
  return known === null
    ? { reason: error.message }
    : { number: known.code, name: known.name, reason: known.message };
};

interface Status {
  readonly slot: number;
  readonly err: unknown;
  readonly confirmationStatus?: Commitment;
}

const statusOf = async (connection: Connection, signature: string): Promise<Status | null> => {
  const { value } = await connection.getSignatureStatuses([signature]);
  return value[0] ?? null;
};

const reached = (status: Commitment | undefined, wanted: Commitment): boolean =>
  status !== undefined && DEPTH.indexOf(status) >= DEPTH.indexOf(wanted);

/** Certain only when the status is asked for once more after the last valid block. */
const isExpired = async (connection: Connection, lastValid: number, signature: string): Promise<boolean> =>
  (await connection.getBlockHeight('confirmed')) > lastValid &&
  (await statusOf(connection, signature)) === null;

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
