import { PublicKey } from '@solana/web3.js';
import { ClientError, proposePolicy, readNetwork, sendInstructions, type Network } from '#client';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import { policyHash } from '#protocol/settle/policy-codec';
import type { Address, EpochNumber } from '#protocol/units';
import { openChain } from '#services/runtime/chain';
import { Outage } from '#services/runtime/outage';
import { rpcName } from '#services/runtime/rpc-name';
import { readAuthority } from './read-authority.ts';

/** Sends the authority's proposal and answers with its transaction; Outage where the chain cannot be asked. */
export async function sendProposal(
  policy: Policy,
  of: {
    readonly firstEpoch: EpochNumber;
    readonly authority: string;
    readonly network: Address;
    readonly rpc: string;
  },
): Promise<string> {
  const authority = await readAuthority(of.authority);
  const network = new PublicKey(of.network);
  const connection = openChain({ rpcUrl: of.rpc, commitment: 'confirmed' });
  const context = { rpc: rpcName(of.rpc), network: of.network };
  requireAgreement(policy, await asked(context, () => readNetwork(connection, network)));
  const pin = { hash: policyHash(policy), creditPrice: BigInt(policy.credit_price) };
  const proposal = proposePolicy({
    authority: authority.publicKey,
    network,
    policy: pin,
    firstEpoch: of.firstEpoch,
  });
  const { signature } = await asked(context, () =>
    sendInstructions(connection, { instructions: [proposal], payer: authority }),
  );
  return signature;
}

/** What a policy repeats of the chain and no proposal changes; the credit price is proposed with it. */
export function requireAgreement(policy: Policy, network: Pick<Network, 'holdbackEpochs'>): void {
  if (policy.holdback !== network.holdbackEpochs)
    throw new ProtocolError('policy_mismatch', {
      field: 'holdback',
      policy: policy.holdback,
      chain: network.holdbackEpochs,
    });
}

async function asked<Answer>(
  context: { readonly rpc: string; readonly network: string },
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ClientError)) throw new Outage('chain_unreachable', context, { cause: error });
    if (error.code !== 'account_missing' && error.code !== 'malformed_account') throw error;
    throw new Outage('chain_unreadable', context, { cause: error });
  }
}
