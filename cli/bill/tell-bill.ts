import type { Network } from '#client';
import { ProtocolError } from '#protocol/errors';
import type { Disclosures } from '#protocol/route/disclosure';
import { EMPTY_ROOT } from '#protocol/settle/bytes/hashes';
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
  const tuples: Tuple[] = [];
  for await (const tuple of finalTuples(source, latest)) {
    tuples.unshift(tuple);
    if (epoch !== undefined && tuple.epoch <= epoch) break;
  }
  const epochs: EpochBill[] = [];
  for (const [at, tuple] of tuples.entries()) {
    if (epoch !== undefined && tuple.epoch !== epoch) continue;
    // By the tuples: a copy that leaves packets.bin out must not hide what was billed.
    const isQuiet = tuple.creditsRoot === (tuples[at - 1]?.creditsRoot ?? EMPTY_ROOT);
    if (epoch === undefined && isQuiet && !(await hasPackets(source, tuple))) continue;
    epochs.push(await billOfEpoch(input, tuple));
  }
  const [{ network } = { network: null }] = tuples;
  if (network === null) throw new ProtocolError('malformed_folder', { location: source.location });
  const leaf = await provenLeaf(source, { owner, network, latest });
  return {
    owner,
    epochs: epochs.filter(
      ({ billed, refused, before, after }) => billed.packets > 0 || refused.size > 0 || before !== after,
    ),
    isWhole: epoch === undefined,
    chain: { latest, leaf, account: chain.account },
  };
}

async function billOfEpoch(
  { owner, source, chain, disclosuresOf, verify }: BillSources,
  tuple: Tuple,
): Promise<EpochBill> {
  const folder = await readFolder(source, tuple);
  const disclosures = await disclosuresOf(tuple.epoch);
  return billOf({ owner, folder, bounds: epochBounds(chain.network, tuple.epoch), disclosures, verify });
}
