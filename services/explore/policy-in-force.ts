import { policyAt, type Network } from '#client';
import type { Policy } from '#protocol/policy';
import { epochNumber } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import type { Policies } from '#services/runtime/policies';

/** The policy that an unsettled epoch is judged by; null while the chain was not read or the policy is not at hand. */
export async function policyInForce(
  policyOf: Policies,
  {
    network,
    epoch,
  }: {
    readonly network: Pick<Network, 'policy' | 'pendingPolicy'> | null;
    readonly epoch: string;
  },
): Promise<Policy | null> {
  if (network === null) return null;
  try {
    return (await policyOf(policyAt(network, epochNumber(BigInt(epoch))).hash)).policy;
  } catch (error) {
    if (error instanceof Outage) return null;
    throw error;
  }
}
