import type { TestNetwork } from './litesvm-network.ts';

/** Offsets in the Network account (programs/coverage/README.md). */
export const NETWORK_AT = {
  authority: 107,
  guardianVetoesUsed: 364,
  pendingOracles: 883,
  pendingOraclesFrom: 1401,
} as const;

/** Puts bytes into the Network account, as instructions of the authority do that the program does not have yet. */
export function patchNetwork({ chain, address }: TestNetwork, offset: number, bytes: Uint8Array): void {
  const account = chain.account(address);
  if (account === null) throw new Error('the network does not exist');
  const data = Uint8Array.from(account.data);
  data.set(bytes, offset);
  chain.setAccount(address, { ...account, data });
}
