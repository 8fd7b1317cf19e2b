import { PublicKey, type Connection } from '@solana/web3.js';
import { creditsAddress, decodeCredits, readNetwork, type FinalizedEpoch, type Network } from '#client';
import { ProtocolError } from '#protocol/errors';
import { addressHex } from '#protocol/settle/credits/address-hex';
import { creditsTree, verifyCredits } from '#protocol/settle/credits/credits-tree';
import { FILES } from '#protocol/settle/folder';
import { openCredits } from '#protocol/settle/folder/credits-files';
import type { Address } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { epochPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { askChain, type NetworkPlace } from '../chain/ask-chain.ts';
import { CliError } from '../cli-error.ts';
import type { OwnerOnChain } from './bill-problems.ts';

export interface ChainView {
  readonly network: Network;
  readonly latest: FinalizedEpoch;
  readonly account: OwnerOnChain['account'];
}

/** The network and an owner's account, as finalized; CliError not_final before the first final epoch. */
export async function readOwner(
  connection: Connection,
  { owner, ...place }: NetworkPlace & { readonly owner: Address },
): Promise<ChainView> {
  const address = new PublicKey(place.network);
  const { network, credits } = await askChain(place, async () => {
    const account = creditsAddress(address, new PublicKey(owner));
    const { context, value } = await connection.getAccountInfoAndContext(account);
    const credits = value === null ? null : decodeCredits(account, value.data);
    // No older than the account: what this was settled by must be known.
    return { credits, network: await readNetwork(connection, address, { minContextSlot: context.slot }) };
  });
  const { latest } = network;
  if (latest === null) throw new CliError('no_final_epoch', { network: place.network });
  const account = credits && {
    balance: credits.balance.next,
    settled: credits.settled,
    withdrawal: credits.withdrawal,
  };
  return { network, latest, account };
}

/** What the owner's leaf holds, proven under the credits root on chain; 0 where it has none. */
export async function provenLeaf(
  source: PublicFiles,
  of: {
    readonly owner: Address;
    readonly network: Address;
    readonly latest: Pick<FinalizedEpoch, 'epoch' | 'creditsRoot' | 'creditsCount'>;
  },
): Promise<bigint> {
  const { network, latest } = of;
  const { creditsRoot: root, creditsCount: count } = latest;
  if (count === 0) return 0n;
  const path = epochPath(latest.epoch, FILES.credits);
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  const tree = creditsTree({ network, leaves: openCredits(bytes) });
  // Without a leaf the whole tree must be the one on chain, or it could have been left out.
  if (tree.root !== root) throw new ProtocolError('proof_mismatch', { root: tree.root, expected: root });
  const proof = tree.prove(addressHex(of.owner));
  if (proof === undefined) return 0n;
  if (!verifyCredits({ ...proof, network, count, root })) throw new ProtocolError('proof_mismatch', { root });
  return proof.leaf.settled;
}
