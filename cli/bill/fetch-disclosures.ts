import { ed25519 } from '@noble/curves/ed25519.js';
import type { Keypair } from '@solana/web3.js';
import { commitmentOf, readDisclosurePart, type Disclosure, type Disclosures } from '#protocol/route/disclosure';
import { readHeader, readMessage } from '#protocol/route/read-request';
import type { Address, EpochNumber } from '#protocol/units';
import { Outage } from '#services/runtime/outage';

/** A router's answer is read in parts; one that never ends is not read for ever. */
const MOST_BYTES = 1 << 30;
const TIMEOUT_MS = 60_000;

/** Where an owner's disclosures come from, and by whose key they are asked for. */
export interface Router {
  readonly url: string;
  readonly network: Address;
  readonly signer: Keypair;
}

/** An owner's disclosures of an epoch as the router serves them to whoever holds its key (routing.md); Outage files_unreachable. */
export async function fetchDisclosures(router: Router, epoch: EpochNumber): Promise<Disclosures> {
  const disclosures = new Map<string, Disclosure>();
  let offset = 0;
  for (;;) {
    const bytes = await fetchPart(router, { epoch, offset });
    if (bytes === null || bytes.length === 0) return disclosures;
    const part = readDisclosurePart(bytes);
    const before = disclosures.size;
    for (const each of part.disclosures) disclosures.set(commitmentOf(each), each);
    offset += bytes.length - part.rest;
    // A part without anything new: it is cut within its first disclosure, or the router answers all of them every time.
    if (disclosures.size === before) return disclosures;
    if (offset > MOST_BYTES) throw new Outage('file_too_large', { url: router.url, limit: MOST_BYTES });
  }
}

/** null: the router has none of the epoch. */
async function fetchPart(
  { url, network, signer }: Router,
  of: { readonly epoch: EpochNumber; readonly offset: number },
): Promise<Uint8Array | null> {
  const asked = new URL(`${url.replace(/\/+$/, '')}/log/disclosures/${of.epoch}?from=${of.offset}`);
  const seconds = Math.floor(Date.now() / 1000);
  const message = readMessage({ network, path: `${asked.pathname}${asked.search}`, seconds });
  const signature = ed25519.sign(message, signer.secretKey.subarray(0, 32));
  const reader = signer.publicKey.toBase58() as Address;
  const headers = { authorization: readHeader({ reader, seconds, signature }) };
  const context = { url: asked.origin + asked.pathname };
  try {
    const response = await fetch(asked, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 404) return null;
    if (!response.ok) throw new Outage('files_unreachable', { ...context, status: response.status });
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (error instanceof Outage) throw error;
    throw new Outage('files_unreachable', context, { cause: error });
  }
}
