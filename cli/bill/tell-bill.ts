import type { Network } from '#client';
import { ProtocolError } from '#protocol/errors';
import type { Disclosures } from '#protocol/route/disclosure';
import type { Tuple } from '#protocol/settle/tuple';
import type { Address, EpochNumber } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { epochBounds } from '#services/runtime/chain-epoch';
import type { PublicFiles } from '#services/runtime/public-files';
import { CliError } from '../cli-error.ts';
import { billOf, type EpochBill } from './bill.ts';
import type { Bill } from './bill-problems.ts';
import { provenLeaf, type ChainView } from './owner-on-chain.ts';
import { hasPackets, readFolder } from './read-folder.ts';
import { finalTuples } from './read-tuples.ts';

/** What a bill is recomputed from. */
export interface BillSources {
  readonly owner: Address;
  /** undefined: all final epochs with packets. */
  readonly epoch?: EpochNumber | undefined;
  readonly source: PublicFiles;
  readonly chain: Pick<ChainView, 'latest' | 'account'> & {
    readonly network: Pick<Network, 'firstEpochStart' | 'epochLengthS'>;
  };
  readonly disclosuresOf: (epoch: EpochNumber) => Promise<Disclosures>;
  readonly verify: VerifySignature;
}

/** Recomputes an owner's bill; throws Outage, CliError, or ProtocolError where files are not what the chain names. */
export async function tellBill(input: BillSources): Promise<Bill> {
  const { owner, epoch, source, chain } = input;
  const { latest } = chain;
  if (epoch !== undefined && epoch > latest.epoch)
    throw new CliError('not_final', { epoch, latest: latest.epoch });
  const epochs: EpochBill[] = [];
  let network: Address | null = null;
  for await (const tuple of finalTuples(source, latest)) {
    network ??= tuple.network;
    if (epoch !== undefined && tuple.epoch !== epoch) {
      if (tuple.epoch < epoch) break;
      continue;
    }
    const bill = await billOfEpoch(input, tuple);
    if (bill !== null) epochs.unshift(bill);
  }
  if (network === null) throw new ProtocolError('malformed_folder', { location: source.location });
  const leaf = await provenLeaf(source, { owner, network, latest });
  return {
    owner,
    epochs,
    isWhole: epoch === undefined,
    chain: { latest, leaf, account: chain.account },
  };
}

/** null for an epoch without packets of anybody. */
async function billOfEpoch(
  { owner, source, chain, disclosuresOf, verify }: BillSources,
  tuple: Tuple,
): Promise<EpochBill | null> {
  if (!(await hasPackets(source, tuple))) return null;
  const folder = await readFolder(source, tuple);
  const disclosures = await disclosuresOf(tuple.epoch);
  return billOf({ owner, folder, bounds: epochBounds(chain.network, tuple.epoch), disclosures, verify });
}
