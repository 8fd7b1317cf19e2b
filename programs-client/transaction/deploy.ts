import {
  Keypair,
  PublicKey,
  SystemProgram,
  Transaction,
  type BlockhashWithExpiryBlockHeight,
  type Connection,
  type Signer,
} from '@solana/web3.js';
import { setTimeout as pause } from 'node:timers/promises';
import { ClientError } from '../client-error.ts';
import {
  BUFFER_HEADER,
  LOADER_ID,
  PROGRAM_DATA_HEADER,
  PROGRAM_LENGTH,
  deployBuffer,
  initializeBuffer,
  programDataAddress,
  writeBuffer,
} from './loader.ts';
import { sendInstructions } from './send.ts';

export interface DeployInput {
  readonly connection: Connection;
  /** Pays, and becomes the upgrade authority. */
  readonly payer: Signer;
  readonly programKeypair: Signer;
  /** The built program. */
  readonly so: Uint8Array;
}

const PARALLEL_WRITES = 32;
const WRITE_ROUNDS = 20;
const PACKET_LENGTH = 1232;

/**
 * Deploys the program by transactions through the upgradeable loader and checks the deployed bytes;
 * does nothing where equal bytes are deployed already, and refuses where others are.
 */
export async function deployProgram(input: DeployInput): Promise<{ readonly deployed: boolean }> {
  const { connection, payer, programKeypair, so } = input;
  const program = programKeypair.publicKey;
  if (await isDeployed(connection, program, so)) return { deployed: false };
  const buffer = await writeWholeBuffer(input);
  const lamports = await connection.getMinimumBalanceForRentExemption(PROGRAM_LENGTH);
  const { slot } = await sendInstructions(connection, {
    payer,
    signers: [programKeypair],
    instructions: [
      SystemProgram.createAccount({
        fromPubkey: payer.publicKey,
        newAccountPubkey: program,
        lamports,
        space: PROGRAM_LENGTH,
        programId: LOADER_ID,
      }),
      deployBuffer({
        payer: payer.publicKey,
        program,
        buffer,
        authority: payer.publicKey,
        maxLength: so.length,
      }),
    ],
  });
  if (!(await isDeployed(connection, program, so))) throw new ClientError('deploy_incomplete');
  // A program can be called from the slot after its deployment on.
  while ((await connection.getSlot('confirmed')) <= slot) await pause(100);
  return { deployed: true };
}

/** Are exactly these bytes deployed at the address? Refuses where it holds something else. */
export async function isDeployed(
  connection: Connection,
  program: PublicKey,
  so: Uint8Array,
): Promise<boolean> {
  const account = await connection.getAccountInfo(program, 'confirmed');
  if (account === null) return false;
  const context = { program: program.toBase58(), owner: account.owner.toBase58() };
  if (!account.executable) throw new ClientError('program_differs', context);
  const code = account.owner.equals(LOADER_ID)
    ? (await connection.getAccountInfo(programDataAddress(program), 'confirmed'))?.data.subarray(
        PROGRAM_DATA_HEADER,
      )
    : account.data; // a loader without upgrades, as a validator's --bpf-program uses
  if (code === undefined) throw new ClientError('program_differs', { ...context, length: 0 });
  const rest = code.subarray(so.length);
  if (!code.subarray(0, so.length).equals(so) || rest.some((byte) => byte !== 0))
    throw new ClientError('program_differs', { ...context, length: code.length, expected: so.length });
  return true;
}

const writeWholeBuffer = async ({ connection, payer, so }: DeployInput): Promise<PublicKey> => {
  const buffer = Keypair.generate();
  const space = BUFFER_HEADER + so.length;
  await sendInstructions(connection, {
    payer,
    signers: [buffer],
    instructions: [
      SystemProgram.createAccount({
        fromPubkey: payer.publicKey,
        newAccountPubkey: buffer.publicKey,
        lamports: await connection.getMinimumBalanceForRentExemption(space),
        space,
        programId: LOADER_ID,
      }),
      initializeBuffer(buffer.publicKey, payer.publicKey),
    ],
  });
  const length = chunkLength(payer);
  const offsets = Array.from({ length: Math.ceil(so.length / length) }, (_, i) => i * length);
  let missing = offsets;
  for (let round = 0; round < WRITE_ROUNDS; round++) {
    await writeChunks(connection, payer, { buffer: buffer.publicKey, so, length, offsets: missing });
    for (let poll = 0; poll < 10 && missing.length > 0; poll++) {
      await pause(200);
      const account = await connection.getAccountInfo(buffer.publicKey, 'confirmed');
      const written = account?.data.subarray(BUFFER_HEADER) ?? Buffer.alloc(0);
      missing = offsets.filter(
        (offset) => !written.subarray(offset, offset + length).equals(so.subarray(offset, offset + length)),
      );
    }
    if (missing.length === 0) return buffer.publicKey;
  }
  throw new ClientError('deploy_incomplete', { missing: missing.length, of: offsets.length });
};

interface Chunks {
  readonly buffer: PublicKey;
  readonly so: Uint8Array;
  readonly length: number;
  readonly offsets: readonly number[];
}

const writeChunks = async (connection: Connection, payer: Signer, chunks: Chunks): Promise<void> => {
  const latest = await connection.getLatestBlockhash('confirmed');
  const waiting = [...chunks.offsets];
  const writer = async (): Promise<void> => {
    for (let offset = waiting.shift(); offset !== undefined; offset = waiting.shift()) {
      const bytes = chunks.so.subarray(offset, offset + chunks.length);
      const transaction = writeTransaction({
        payer: payer.publicKey,
        buffer: chunks.buffer,
        latest,
        offset,
        bytes,
      });
      transaction.sign(payer);
      await connection.sendRawTransaction(transaction.serialize(), { skipPreflight: true });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_WRITES }, writer));
};

const writeTransaction = (input: {
  readonly payer: PublicKey;
  readonly buffer: PublicKey;
  readonly latest: BlockhashWithExpiryBlockHeight;
  readonly offset: number;
  readonly bytes: Uint8Array;
}): Transaction =>
  new Transaction({ feePayer: input.payer, ...input.latest }).add(
    writeBuffer({ buffer: input.buffer, authority: input.payer, offset: input.offset, bytes: input.bytes }),
  );

/** As many bytes as fit into one packet: what a transaction with 800 of them leaves, and 800. */
const chunkLength = (payer: Signer): number => {
  const probe = writeTransaction({
    payer: payer.publicKey,
    // Any address that is not in the transaction already: the loader's would be counted once.
    buffer: PublicKey.default,
    latest: { blockhash: PublicKey.default.toBase58(), lastValidBlockHeight: 0 },
    offset: 0,
    bytes: new Uint8Array(800),
  });
  return PACKET_LENGTH - probe.serialize({ requireAllSignatures: false }).length + 800;
};
