import { registryAt } from '#protocol/settle/registry';
import type { EpochNumber } from '#protocol/units';
import type { PocGroup } from '#protocol/verify/poc';
import type { Policies } from '../runtime/policies.ts';
import { policyHashAt, type RegistryFile } from '../runtime/registry-file.ts';
import type { CheckTask } from './check-job.ts';
import { epochEnd } from './epoch-at.ts';

/** What one state of the chain says of every epoch, as settlement takes it from the same accounts. */
export interface FactsInForce {
  readonly network: RegistryFile['network'];
  /** Policy, deny list and facts of the keys that the groups name. */
  readonly of: (
    epoch: EpochNumber,
    groups: readonly PocGroup[],
  ) => Pick<CheckTask, 'policy' | 'deny' | 'registry'>;
}

/** Reads the policies that the registry names: a pending one lies ready before its first epoch. */
export async function factsInForce(file: RegistryFile, policyOf: Policies): Promise<FactsInForce> {
  const { network } = file;
  const { policyHash, pendingPolicy } = network;
  const present = await policyOf(policyHash);
  const pending = pendingPolicy === null ? present : await policyOf(pendingPolicy.hash);
  const byKey = new Map(file.hotspots.map((hotspot) => [hotspot.key, hotspot]));
  return {
    network,
    of: (epoch, groups) => {
      const { policy, deny } = policyHashAt(network, epoch) === policyHash ? present : pending;
      const keys = new Set(groups.flatMap(({ reports }) => reports.map(({ report }) => report.key)));
      const hotspots = [...keys].flatMap((key) => byKey.get(key) ?? []);
      return { policy, deny, registry: registryAt({ hotspots, epoch, end: epochEnd(epoch, network) }) };
    },
  };
}
