import { PublicKey, type TransactionInstruction } from '@solana/web3.js';
import * as client from '#client';
import type { Address, EpochNumber, Hash } from '#protocol/units';
import { openChain } from '#services/runtime/chain';
import { askChain, type NetworkPlace } from '../chain/ask-chain.ts';
import { readSigner } from '../chain/read-signer.ts';
import { keyTextOf, timeText } from './network-lines.ts';
import { readNetworkView, type NetworkView } from './network-view.ts';

interface Signed extends NetworkPlace {
  /** Of who signs and pays. */
  readonly keyFile: string;
}

/** Each sends one transaction and answers with what holds now; Outage where the chain cannot be asked. */
export async function proposeOracles(
  of: Signed & { readonly k: number; readonly oracles: readonly Address[] },
): Promise<string> {
  const oracles = of.oracles.map((key) => new PublicKey(key));
  return await change(of, {
    instruction: ({ network, signer }) =>
      client.proposeOracles({ authority: signer, network, k: of.k, oracles }),
    says: ({ network: { pendingOracles } }) =>
      pendingOracles === null
        ? 'the oracles are no longer pending'
        : `the oracles of generation ${pendingOracles.set.generation} vote from ${timeText(pendingOracles.from)} on`,
  });
}

export async function applyOracles(of: Signed): Promise<string> {
  return await change(of, {
    instruction: ({ network }) => client.applyOracles(network),
    says: ({ network: { oracles } }) => `the oracles are those of generation ${oracles.generation}`,
  });
}

export async function transferAuthority(of: Signed & { readonly to: Address | null }): Promise<string> {
  return await change(of, {
    instruction: ({ network, signer }) =>
      client.transferAuthority({ authority: signer, network, to: keyOf(of.to) }),
    says: ({ network: { pendingAuthority: pending } }) =>
      pending === null
        ? 'the authority is offered to nobody'
        : `${pending.key.toBase58()} may accept the authority from ${timeText(pending.from)} on`,
  });
}

export async function acceptAuthority(of: Signed): Promise<string> {
  return await change(of, {
    instruction: ({ network, signer }) => client.acceptAuthority({ pendingAuthority: signer, network }),
    says: ({ network: { authority } }) => `the authority is ${authority.toBase58()}`,
  });
}

export async function setGuardian(of: Signed & { readonly guardian: Address | null }): Promise<string> {
  return await change(of, {
    instruction: ({ network, signer }) =>
      client.setGuardian({ authority: signer, network, guardian: keyOf(of.guardian) }),
    says: ({ network }) => {
      const from = network.pendingGuardian?.from ?? 0n;
      return `the guardian is ${keyTextOf(client.guardianAt(network, from))} from ${timeText(from)} on`;
    },
  });
}

export async function veto(
  of: Signed & { readonly epoch: EpochNumber; readonly tupleHash: Hash },
): Promise<string> {
  const { epoch, tupleHash } = of;
  return await change(of, {
    instruction: ({ network, signer }) => client.veto({ vetoer: signer, network, epoch, tupleHash }),
    says: ({ ballot }) =>
      ballot.ripe?.tupleHash === tupleHash
        ? 'the veto counts; more oracles must veto'
        : 'what was ripe is taken back; the oracles must vote again',
  });
}

interface Change {
  readonly instruction: (of: {
    readonly network: PublicKey;
    readonly signer: PublicKey;
  }) => TransactionInstruction;
  readonly says: (view: NetworkView) => string;
}

const change = async (of: Signed, { instruction, says }: Change): Promise<string> => {
  const payer = await readSigner(of.keyFile);
  const connection = openChain({ rpcUrl: of.rpc, commitment: 'confirmed' });
  const network = new PublicKey(of.network);
  const instructions = [instruction({ network, signer: payer.publicKey })];
  return await askChain(of, async () => {
    const { signature, slot } = await client.sendInstructions(connection, { instructions, payer });
    return `${says(await readNetworkView(connection, of, slot))} (transaction ${signature})`;
  });
};

const keyOf = (address: Address | null): PublicKey | null =>
  address === null ? null : new PublicKey(address);
