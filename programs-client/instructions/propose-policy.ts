import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { EpochNumber } from '#protocol/units';
import type { PolicyPin } from '../accounts/network.ts';
import { buildInstruction } from './instruction.ts';

/** Signed by the authority; holds from `firstEpoch` on, which must begin in the future and after the timelock. */
export function proposePolicy(input: {
  readonly authority: PublicKey;
  readonly network: PublicKey;
  readonly policy: PolicyPin;
  readonly firstEpoch: EpochNumber;
}): TransactionInstruction {
  const { authority, network, policy, firstEpoch } = input;
  return buildInstruction(
    'propose_policy',
    { authority, network },
    { hash: Buffer.from(policy.hash, 'hex'), credit_price: policy.creditPrice, first_epoch: firstEpoch },
  );
}
