import { PublicKey } from '@solana/web3.js';
import { proposePolicy, readNetwork, sendInstructions, type Network } from '#client';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import { policyHash } from '#protocol/settle/policy-codec';
import type { EpochNumber } from '#protocol/units';
import { openChain } from '#services/runtime/chain';
import { askChain, type NetworkPlace } from '../chain/ask-chain.ts';
import { readSigner } from '../chain/read-signer.ts';

/** Sends the authority's proposal and answers with its transaction; Outage where the chain cannot be asked. */
export async function sendProposal(
  policy: Policy,
  of: NetworkPlace & { readonly firstEpoch: EpochNumber; readonly authority: string },
): Promise<string> {
  const authority = await readSigner(of.authority);
  const network = new PublicKey(of.network);
  const connection = openChain({ rpcUrl: of.rpc, commitment: 'confirmed' });
  requireAgreement(policy, await askChain(of, () => readNetwork(connection, network)));
  const pin = { hash: policyHash(policy), creditPrice: BigInt(policy.credit_price) };
  const proposal = proposePolicy({
    authority: authority.publicKey,
    network,
    policy: pin,
    firstEpoch: of.firstEpoch,
  });
  const { signature } = await askChain(of, () =>
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
