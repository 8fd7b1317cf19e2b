import { ClientError } from '#client';
import type { Address } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { rpcName } from '#services/runtime/rpc-name';
import { CliError } from '../cli-error.ts';

/** A network, and the chain on which it is. */
export interface NetworkPlace {
  readonly network: Address;
  readonly rpc: string;
}

/** What the chain answers; Outage `chain_unreachable` or `chain_unreadable`, a refused transaction as it is. */
export async function askChain<Answer>(
  { network, rpc }: NetworkPlace,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const context = { rpc: rpcName(rpc), network };
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CliError || error instanceof Outage) throw error;
    if (!(error instanceof ClientError)) throw new Outage('chain_unreachable', context, { cause: error });
    if (error.code !== 'account_missing' && error.code !== 'malformed_account') throw error;
    throw new Outage('chain_unreadable', context, { cause: error });
  }
}
