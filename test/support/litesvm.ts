import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { address, getTransactionDecoder, lamports, type EncodedAccount } from '@solana/kit';
import {
  Keypair,
  PublicKey,
  Transaction,
  type Message,
  type Signer,
  type TransactionInstruction,
} from '@solana/web3.js';
import { FailedTransactionMetadata, LiteSVM } from 'litesvm';
import { PROGRAM_ID, eventsOf, programErrorOf, type CoverageEvent } from '#client';

const SO = new URL('../../programs/coverage/coverage.so', import.meta.url);

/** What became of a transaction. */
export interface Outcome {
  readonly landed: boolean;
  /** Name of the program's error, or the runtime's text where the program did not refuse it. */
  readonly error: string | null;
  readonly logs: readonly string[];
  readonly events: readonly CoverageEvent[];
  /** Of the program's own instructions, in order. */
  readonly computeUnits: readonly number[];
}

export interface Account {
  readonly data: Uint8Array;
  readonly owner: PublicKey;
  readonly lamports: bigint;
}

export interface LiteChain {
  readonly svm: LiteSVM;
  /** Pays every fee; holds enough for any test. */
  readonly payer: Keypair;
  fund(to: PublicKey, amount: bigint): void;
  /** Seconds since the Unix epoch. */
  now(): bigint;
  setTime(seconds: bigint): void;
  send(instructions: readonly TransactionInstruction[], signers?: readonly Signer[]): Outcome;
  /** As `send`, but throws with the logs where the transaction is refused. */
  land(instructions: readonly TransactionInstruction[], signers?: readonly Signer[]): Outcome;
  account(at: PublicKey): Account | null;
  setAccount(at: PublicKey, account: Account): void;
}

/** An SVM in this process with the built program. */
export function openLiteChain(): LiteChain {
  // Equal transactions on one blockhash are duplicates on a cluster; here every test may repeat itself.
  const svm = new LiteSVM().withTransactionHistory(0n);
  svm.addProgram(address(PROGRAM_ID.toBase58()), readFileSync(SO));
  const payer = Keypair.generate();
  const fund = (to: PublicKey, amount: bigint): void => {
    svm.airdrop(address(to.toBase58()), lamports(amount));
  };
  fund(payer.publicKey, 1_000_000_000_000n);

  const send = (
    instructions: readonly TransactionInstruction[],
    signers: readonly Signer[] = [],
  ): Outcome => {
    const transaction = new Transaction({
      feePayer: payer.publicKey,
      blockhash: svm.latestBlockhash(),
      lastValidBlockHeight: 0,
    }).add(...instructions);
    const bytes = signedBytes(transaction.compileMessage(), [payer, ...signers]);
    const result = svm.sendTransaction(getTransactionDecoder().decode(bytes));
    const failed = result instanceof FailedTransactionMetadata;
    const logs = (failed ? result.meta() : result).logs();
    return {
      landed: !failed,
      error: failed ? (programErrorOf(logs)?.name ?? result.toString()) : null,
      logs,
      events: failed ? [] : eventsOf(logs),
      computeUnits: computeUnitsOf(logs),
    };
  };

  return {
    svm,
    payer,
    fund,
    now: () => svm.getClock().unixTimestamp,
    setTime: (seconds) => {
      const clock = svm.getClock();
      clock.unixTimestamp = seconds;
      svm.setClock(clock);
    },
    send,
    land: (instructions, signers) => {
      const outcome = send(instructions, signers);
      if (!outcome.landed) throw new Error(`${String(outcome.error)}\n${outcome.logs.join('\n')}`);
      return outcome;
    },
    account: (at) => {
      const found = svm.getAccount(address(at.toBase58()));
      return found.exists
        ? {
            data: found.data,
            owner: new PublicKey(found.programAddress),
            lamports: found.lamports,
          }
        : null;
    },
    setAccount: (at, account) => {
      svm.setAccount(encodedAccount(at, account));
    },
  };
}

const encodedAccount = (at: PublicKey, account: Account): EncodedAccount => ({
  address: address(at.toBase58()),
  data: account.data,
  executable: false,
  lamports: lamports(account.lamports),
  programAddress: address(account.owner.toBase58()),
  space: BigInt(account.data.length),
});

const computeUnitsOf = (logs: readonly string[]): readonly number[] =>
  logs.flatMap((line) => {
    const consumed = new RegExp(`^Program ${PROGRAM_ID.toBase58()} consumed (\\d+) of`).exec(line)?.[1];
    return consumed === undefined ? [] : [Number(consumed)];
  });

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const keys = new WeakMap<Signer, KeyObject>();

const keyOf = (signer: Signer): KeyObject => {
  const known = keys.get(signer);
  if (known !== undefined) return known;
  const der = Buffer.concat([PKCS8_ED25519, signer.secretKey.subarray(0, 32)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  keys.set(signer, key);
  return key;
};

/** Signatures of those who must sign, in the message's order, then the message: OpenSSL is ten times faster than web3.js. */
function signedBytes(message: Message, signers: readonly Signer[]): Uint8Array {
  const body = message.serialize();
  const count = message.header.numRequiredSignatures;
  const signatures = message.accountKeys.slice(0, count).map((key) => {
    const signer = signers.find(({ publicKey }) => publicKey.equals(key));
    if (signer === undefined) throw new Error(`nobody signs for ${key.toBase58()}`);
    return sign(null, body, keyOf(signer));
  });
  return Buffer.concat([Uint8Array.of(count), ...signatures, body]);
}
