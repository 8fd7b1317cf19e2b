import { SendTransactionError } from '@solana/web3.js';
import { idl, PROGRAM_ID } from './idl.ts';

/** A refusal by the program, as its IDL names it. */
export interface ProgramError {
  readonly code: number;
  readonly name: string;
  readonly message: string;
}

const BY_CODE: ReadonlyMap<number, ProgramError> = new Map(
  idl.errors.map(({ code, name, msg }) => [code, { code, name, message: msg }]),
);
/** Every refusal of the program, by name. */
export const PROGRAM_ERRORS: ReadonlyMap<string, ProgramError> = new Map(
  [...BY_CODE.values()].map((error) => [error.name, error]),
);

const FAILED = new RegExp(`Program ${PROGRAM_ID.toBase58()} failed: custom program error: 0x([0-9a-fA-F]+)`);
// Without logs the program that failed is unknown; the codes from 6000 on are this program's in every transaction
// that only runs it, the precompiles and the system and token programs.
const ANY = /custom program error: (0x[0-9a-fA-F]+|\d+)/;

/** The program's refusal in whatever was thrown, returned or logged; null where it is something else. */
export function programErrorOf(error: unknown): ProgramError | null {
  for (const text of textsOf(error)) {
    const code = FAILED.exec(text)?.[1];
    if (code !== undefined) return BY_CODE.get(Number.parseInt(code, 16)) ?? null;
  }
  for (const text of textsOf(error)) {
    const code = ANY.exec(text)?.[1];
    const found = code === undefined ? undefined : BY_CODE.get(Number(code));
    if (found !== undefined) return found;
  }
  const custom = customCodeOf(error);
  return custom === null ? null : (BY_CODE.get(custom) ?? null);
}

/** Strings in an error, in its logs and in its causes. */
function* textsOf(error: unknown, depth = 0): Generator<string> {
  if (typeof error === 'string') yield error;
  if (Array.isArray(error)) for (const item of error) if (typeof item === 'string') yield item;
  if (!(error instanceof Error) || depth > 4) return;
  if ('logs' in error) yield* textsOf(error.logs);
  if (error instanceof SendTransactionError) yield error.transactionError.message;
  yield error.message;
  yield* textsOf(error.cause, depth + 1);
}

/** From the status of a transaction: {InstructionError: [index, {Custom: code}]}. */
const customCodeOf = (error: unknown): number | null => {
  if (error instanceof Error) return customCodeOf(error.cause ?? null);
  if (error === null || typeof error !== 'object' || !('InstructionError' in error)) return null;
  const parts: unknown = error.InstructionError;
  const detail: unknown = Array.isArray(parts) ? parts[1] : null;
  if (detail === null || typeof detail !== 'object' || !('Custom' in detail)) return null;
  return typeof detail.Custom === 'number' ? detail.Custom : null;
};
