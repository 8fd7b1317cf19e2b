import type { Keypair, PublicKey } from '@solana/web3.js';
import { acceptAuthority, proposeOracles, transferAuthority, veto } from '#client';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { TestNetwork } from './litesvm-network.ts';
import type { Outcome } from './litesvm.ts';

/** By the authority, or by whom `by` names. */
export function propose(
  { chain, address, creator, config }: TestNetwork,
  oracles: readonly PublicKey[],
  { k = config.k, by = creator }: { readonly k?: number; readonly by?: Keypair } = {},
): Outcome {
  return chain.send([proposeOracles({ authority: by.publicKey, network: address, k, oracles })], [by]);
}

/** Proposes the next oracles so that they vote from a time on; the network as it is then. */
export function rotate(network: TestNetwork, oracles: readonly Keypair[], from: bigint): TestNetwork {
  network.chain.setTime(from - BigInt(network.config.timelockS));
  const { error } = propose(
    network,
    oracles.map(({ publicKey }) => publicKey),
  );
  if (error !== null) throw new Error(error);
  return { ...network, oracles };
}

/** Another becomes the authority when the timelock is over. */
export function handOver({ chain, address, creator, config }: TestNetwork, to: Keypair): void {
  const offer = transferAuthority({ authority: creator.publicKey, network: address, to: to.publicKey });
  chain.land([offer], [creator]);
  chain.setTime(chain.now() + BigInt(config.timelockS));
  chain.land([acceptAuthority({ pendingAuthority: to.publicKey, network: address })], [to]);
}

export function vetoBy({ chain, address }: TestNetwork, by: Keypair, tuple: Tuple): Outcome {
  const { epoch } = tuple;
  const against = { network: address, epoch, tupleHash: tupleHash(tuple) };
  return chain.send([veto({ vetoer: by.publicKey, ...against })], [by]);
}
