import type { Keypair } from '@solana/web3.js';
import { commitmentOf, type Disclosure, type Disclosures } from '#protocol/route/disclosure';
import type { Address, EpochNumber } from '#protocol/units';
import { readDisclosuresFrom } from '#services/runtime/read-disclosures';

/** A router, and the owner who asks it. */
export interface Router {
  readonly url: string;
  readonly network: Address;
  readonly signer: Keypair;
}

/** An owner's disclosures of an epoch as its router serves them (routing.md, "Reading disclosures"); Outage files_unreachable. */
export async function fetchDisclosures(router: Router, epoch: EpochNumber): Promise<Disclosures> {
  const { url, network, signer: reader } = router;
  const disclosures = new Map<string, Disclosure>();
  const base = `${url.replace(/\/+$/, '')}/log`;
  for await (const each of readDisclosuresFrom(base, { network, reader, epoch }))
    disclosures.set(commitmentOf(each), each);
  return disclosures;
}
