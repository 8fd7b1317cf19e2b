import { base58 } from '@scure/base';
import type { PublicKey, VersionedTransactionResponse } from '@solana/web3.js';
import type { Tuple } from '#protocol/settle/tuple';
import { decodeArguments } from '../codec.ts';
import { fieldsOf } from '../fields.ts';
import { idl, PROGRAM_ID } from '../idl.ts';
import { tupleOf } from '../tuple.ts';

/** What oracles and finalizers said, as the transaction's own instructions have it; and where a network's history begins. */
export type SettlementInstruction =
  | { readonly name: 'create_network'; readonly network: PublicKey }
  | {
      readonly name: 'attest';
      readonly network: PublicKey;
      readonly oracle: PublicKey;
      readonly tuple: Tuple;
    }
  | { readonly name: 'finalize'; readonly network: PublicKey; readonly tuple: Tuple };

interface Called {
  readonly program: PublicKey | undefined;
  readonly accounts: readonly (PublicKey | undefined)[];
  readonly data: Uint8Array;
}

/**
 * The program's create_network, attest and finalize instructions of a transaction that succeeded, in order, those that other programs
 * called included. Unlike events they are whole whatever the transaction logs: a node cuts its log at 10 kB.
 */
export function settlementInstructions(
  landed: VersionedTransactionResponse,
): readonly SettlementInstruction[] {
  if (landed.meta === null || landed.meta.err !== null) return [];
  return calledBy(landed).flatMap((called) => {
    const found = settlementOf(called);
    return found === null ? [] : [found];
  });
}

function calledBy({ transaction, meta }: VersionedTransactionResponse): readonly Called[] {
  const { message } = transaction;
  const loaded = meta?.loadedAddresses;
  const keys = message.getAccountKeys(loaded ? { accountKeysFromLookups: loaded } : undefined);
  const resolve = (program: number, accounts: readonly number[], data: Uint8Array): Called => ({
    program: keys.get(program),
    accounts: accounts.map((account) => keys.get(account)),
    data,
  });
  return message.compiledInstructions.flatMap((outer, index) => [
    resolve(outer.programIdIndex, outer.accountKeyIndexes, outer.data),
    ...(meta?.innerInstructions ?? [])
      .filter((inner) => inner.index === index)
      .flatMap(({ instructions }) =>
        instructions.map((inner) => resolve(inner.programIdIndex, inner.accounts, base58.decode(inner.data))),
      ),
  ]);
}

function settlementOf({ program, accounts, data }: Called): SettlementInstruction | null {
  if (program?.equals(PROGRAM_ID) !== true) return null;
  const decoded = decodeArguments(data);
  if (decoded === null) return null;
  const { name } = decoded;
  if (name !== 'attest' && name !== 'finalize' && name !== 'create_network') return null;
  const account = (wanted: string): PublicKey | undefined => accounts[placeOf(name, wanted)];
  const [network, oracle] = [account('network'), account('oracle')];
  if (network === undefined) return null;
  if (name === 'create_network') return { name, network };
  const tuple = tupleOf(fieldsOf(decoded.fields, name).struct('tuple'));
  if (name === 'finalize') return { name, network, tuple };
  return oracle === undefined ? null : { name, network, oracle, tuple };
}

function placeOf(instruction: SettlementInstruction['name'], account: string): number {
  const found = idl.instructions.find(({ name }) => name === instruction);
  return found?.accounts.findIndex(({ name }) => name === account) ?? -1;
}
