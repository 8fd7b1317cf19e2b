import { Command, InvalidArgumentError } from 'commander';
import type { Address, EpochNumber, Hash } from '#protocol/units';
import type { NetworkPlace } from '../chain/ask-chain.ts';
import { parseAddress, parseAddressOrNone, parseAddresses } from '../options/address.ts';
import { parseEpoch } from '../options/epoch.ts';
import { parseRpc } from '../options/rpc.ts';
import { parseTupleHash } from '../options/tuple-hash.ts';
import { requireOracleSet } from './require-oracle-set.ts';

interface ByAuthority extends NetworkPlace {
  readonly authority: string;
}
interface ByKey extends NetworkPlace {
  readonly key: string;
}

/** `network`: who decides in a network, and how that changes (docs/operate.md, "Oracles, authority and guardian"). */
export function networkCommand(): Command {
  const command = new Command('network').description('show who decides in a network, change it, and veto');
  onChain(command.command('show'))
    .description('print authority, guardian and oracles with what is pending, the votes and what is ripe')
    .action(async (place: NetworkPlace) => {
      const { showNetwork } = await import('./show-network.ts');
      for (const line of await showNetwork(place)) console.log(line);
    });
  byAuthority(command.command('propose-oracles'))
    .description('propose the oracles that vote when the timelock is over')
    .argument('<keys...>', 'addresses of the oracles', parseAddresses)
    .requiredOption('--threshold <number>', 'how many equal votes ripen, more than half', parseThreshold)
    .action(proposeOracles);
  byKey(command.command('apply-oracles'), 'key file of who pays the fee')
    .description(
      'make the pending oracles, which vote already, the network’s, so that others can be proposed',
    )
    .action(async (of: ByKey) => {
      const { applyOracles } = await import('./change-network.ts');
      console.log(await applyOracles({ ...of, keyFile: of.key }));
    });
  byAuthority(command.command('transfer-authority'))
    .description('offer the authority to a key, which may accept when the timelock is over')
    .argument('<to>', 'address, or "none" to take an offer back', parseAddressOrNone)
    .action(async (to: Address | null, of: ByAuthority) => {
      const { transferAuthority } = await import('./change-network.ts');
      console.log(await transferAuthority({ ...of, keyFile: of.authority, to }));
    });
  byKey(command.command('accept-authority'), 'key file of whom the authority was offered to')
    .description('take the authority over')
    .action(async (of: ByKey) => {
      const { acceptAuthority } = await import('./change-network.ts');
      console.log(await acceptAuthority({ ...of, keyFile: of.key }));
    });
  byAuthority(command.command('set-guardian'))
    .description('set who may veto when the timelock is over')
    .argument('<guardian>', 'address, or "none"', parseAddressOrNone)
    .action(async (guardian: Address | null, of: ByAuthority) => {
      const { setGuardian } = await import('./change-network.ts');
      console.log(await setGuardian({ ...of, keyFile: of.authority, guardian }));
    });
  byKey(command.command('veto'), 'key file of the guardian or of an oracle')
    .description('veto what is ripe; "network show" names it')
    .argument('<epoch>', 'its number', parseEpoch)
    .argument('<tuple hash>', '64 hex digits', parseTupleHash)
    .action(async (epoch: EpochNumber, tupleHash: Hash, of: ByKey) => {
      const { veto } = await import('./change-network.ts');
      console.log(await veto({ ...of, keyFile: of.key, epoch, tupleHash }));
    });
  return command;
}

async function proposeOracles(
  oracles: readonly Address[],
  of: ByAuthority & { readonly threshold: number },
): Promise<void> {
  requireOracleSet(oracles, of.threshold);
  // The chain's client is large, and a refusal needs none.
  const change = await import('./change-network.ts');
  console.log(await change.proposeOracles({ ...of, keyFile: of.authority, oracles, k: of.threshold }));
}

const onChain = (command: Command): Command =>
  command
    .requiredOption('--network <address>', 'address of the network', parseAddress)
    .requiredOption('--rpc <url>', 'RPC of the chain', parseRpc);

const byAuthority = (command: Command): Command =>
  onChain(command.requiredOption('--authority <file>', 'key file of the network’s authority, mode 0600'));

const byKey = (command: Command, whose: string): Command =>
  onChain(command.requiredOption('--key <file>', `${whose}, mode 0600`));

function parseThreshold(text: string): number {
  if (!/^[0-9]{1,2}$/.test(text)) throw new InvalidArgumentError('expected a number of oracles');
  return Number(text);
}
