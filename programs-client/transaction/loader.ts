import {
  PublicKey,
  SYSVAR_CLOCK_PUBKEY,
  SYSVAR_RENT_PUBKEY,
  SystemProgram,
  TransactionInstruction,
  type AccountMeta,
} from '@solana/web3.js';

/** The upgradeable loader's accounts and instructions, as far as a first deployment needs them. */
export const LOADER_ID: PublicKey = new PublicKey('BPFLoaderUpgradeab1e11111111111111111111111');
/** Bytes before the program in a buffer (tag 4, authority option 1 + 32) and in a program data account (slot 8 more). */
export const BUFFER_HEADER = 37;
export const PROGRAM_DATA_HEADER = 45;
/** Tag 4 and the program data account's address. */
export const PROGRAM_LENGTH = 36;

export const programDataAddress = (program: PublicKey): PublicKey =>
  PublicKey.findProgramAddressSync([program.toBytes()], LOADER_ID)[0];

const readOnly = (pubkey: PublicKey): AccountMeta => ({ pubkey, isSigner: false, isWritable: false });
const writable = (pubkey: PublicKey): AccountMeta => ({ pubkey, isSigner: false, isWritable: true });
const signer = (pubkey: PublicKey): AccountMeta => ({ pubkey, isSigner: true, isWritable: false });

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

export const initializeBuffer = (buffer: PublicKey, authority: PublicKey): TransactionInstruction =>
  new TransactionInstruction({
    programId: LOADER_ID,
    keys: [writable(buffer), readOnly(authority)],
    data: u32(0),
  });

export const writeBuffer = (input: {
  readonly buffer: PublicKey;
  readonly authority: PublicKey;
  readonly offset: number;
  readonly bytes: Uint8Array;
}): TransactionInstruction =>
  new TransactionInstruction({
    programId: LOADER_ID,
    keys: [writable(input.buffer), signer(input.authority)],
    data: Buffer.concat([u32(1), u32(input.offset), u64(input.bytes.length), input.bytes]),
  });

export const deployBuffer = (input: {
  readonly payer: PublicKey;
  readonly program: PublicKey;
  readonly buffer: PublicKey;
  readonly authority: PublicKey;
  readonly maxLength: number;
}): TransactionInstruction =>
  new TransactionInstruction({
    programId: LOADER_ID,
    keys: [
      { pubkey: input.payer, isSigner: true, isWritable: true },
      writable(programDataAddress(input.program)),
      writable(input.program),
      writable(input.buffer),
      readOnly(SYSVAR_RENT_PUBKEY),
      readOnly(SYSVAR_CLOCK_PUBKEY),
      readOnly(SystemProgram.programId),
      signer(input.authority),
    ],
    data: Buffer.concat([u32(2), u64(input.maxLength)]),
  });
