import { pathToFileURL } from 'node:url';
import { Transaction, type TransactionInstruction } from '@solana/web3.js';
import { goodInstructions, openWorld } from '../test/support/litesvm-world.ts';
import type { LiteChain } from '../test/support/litesvm.ts';

/** What a transaction may be long, and what an instruction may compute without asking for more. */
const PACKET_BYTES = 1232;
const DEFAULT_UNITS = 200_000;
const LAMPORTS_PER_SOL = 1_000_000_000;

export interface ProgramFigure {
  readonly name: string;
  readonly computeUnits: number;
  /** Of the transaction with this instruction, its precompile and its signatures. */
  readonly bytes: number;
  /** Lamports that make the accounts that it creates exempt from rent. */
  readonly rent: bigint;
  /** Lengths of these accounts. */
  readonly created: readonly number[];
}

/** Compute units, length and rent of each instruction, in an SVM with the built program. */
export function measureProgram(): readonly ProgramFigure[] {
  const world = openWorld();
  const { chain } = world;
  const figures = goodInstructions(world).map(({ name, before, instruction, signers }): ProgramFigure => {
    const all = [...before, instruction];
    const fresh = instruction.keys.filter(
      ({ pubkey, isWritable }) => isWritable && chain.account(pubkey) === null,
    );
    const outcome = chain.land(all, signers);
    const created = fresh.map(({ pubkey }) => chain.account(pubkey)?.data.length ?? 0);
    return {
      name:
        before.length === 0 ? name : `${name} (${instruction.data.readUInt8(8) === 0 ? 'P-256' : 'ed25519'})`,
      computeUnits: outcome.computeUnits[0] ?? 0,
      bytes: lengthOf(chain, all),
      rent: created.reduce(
        (sum, length) => sum + chain.svm.minimumBalanceForRentExemption(BigInt(length)),
        0n,
      ),
      created,
    };
  });
  return figures;
}

const lengthOf = (chain: LiteChain, instructions: readonly TransactionInstruction[]): number => {
  const transaction = new Transaction({
    feePayer: chain.payer.publicKey,
    blockhash: chain.svm.latestBlockhash(),
    lastValidBlockHeight: 0,
  }).add(...instructions);
  const message = transaction.compileMessage();
  return 1 + 64 * message.header.numRequiredSignatures + message.serialize().length;
};

/** One line per instruction. */
export function programLines(figures: readonly ProgramFigure[]): readonly string[] {
  return figures.map(({ name, computeUnits, bytes, rent, created }) =>
    [
      `program: ${name}: ${computeUnits} compute units, ${(computeUnits / DEFAULT_UNITS).toFixed(3)} of the default limit`,
      `${bytes} bytes, ${(bytes / PACKET_BYTES).toFixed(2)} of a packet`,
      created.length === 0
        ? 'no rent'
        : `rent ${(Number(rent) / LAMPORTS_PER_SOL).toFixed(6)} SOL for accounts of ${created.join(', ')} bytes`,
    ].join('; '),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  for (const line of programLines(measureProgram())) console.log(line);
