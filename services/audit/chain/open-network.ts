import type { Connection, PublicKey } from '@solana/web3.js';
import { ClientError, PROGRAM_ID, readNetwork, type Network } from '#client';
import { CannotCheck } from '#services/audit/report/failures';

/** The network's account at an RPC that has the program; CannotCheck says which of them it lacks. */
export async function openNetwork(
  connection: Connection,
  address: PublicKey,
): Promise<{ readonly network: Network; readonly cluster: string }> {
  const cluster = await connection.getGenesisHash();
  const program = await connection.getAccountInfo(PROGRAM_ID);
  if (program?.executable !== true)
    throw new CannotCheck('program_missing', `no program ${PROGRAM_ID.toBase58()} on the cluster ${cluster}`);
  try {
    return { network: await readNetwork(connection, address), cluster };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const code = error.code === 'account_missing' ? 'network_missing' : 'chain_unreadable';
    throw new CannotCheck(code, `${error.message} on the cluster ${cluster}`, { cause: error });
  }
}
