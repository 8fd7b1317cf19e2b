import { ed25519 } from '@noble/curves/ed25519.js';
import type { Keypair } from '@solana/web3.js';
import { readDisclosurePart, type Disclosure } from '#protocol/route/disclosure';
import { readHeader, readMessage } from '#protocol/route/read-request';
import type { Address, EpochNumber } from '#protocol/units';
import { Outage } from './outage.ts';
import { openPublicFiles } from './public-files.ts';

/** Whoever asks for disclosures, and of which network. */
export interface DisclosureReader {
  readonly network: Address;
  readonly reader: Keypair;
}

const TIMEOUT_MS = 30_000;
/** Bytes of one answer. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Answers of one epoch. */
const MOST_PAGES = 4096;

/** Where a base serves an epoch's disclosures, from an offset on (routing.md, "Reading disclosures"). */
export function disclosuresPath(epoch: EpochNumber, from = 0): string {
  return `disclosures/${epoch.toString()}?from=${from}`;
}

/** All disclosures of an epoch that a router or an oracle gives this reader; a folder is read without being asked. */
export async function* readDisclosuresFrom(
  base: string,
  of: DisclosureReader & { readonly epoch: EpochNumber },
): AsyncGenerator<Disclosure> {
  if (!/^https?:\/\//.test(base)) {
    const bytes = await openPublicFiles(base).read(`disclosures/${of.epoch.toString()}`);
    yield* bytes === null ? [] : readDisclosurePart(bytes).disclosures;
    return;
  }
  let from = 0;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const bytes = await fetchPart(`${base.replace(/\/+$/, '')}/${disclosuresPath(of.epoch, from)}`, of);
    const { disclosures, rest } = readDisclosurePart(bytes);
    if (disclosures.length === 0) return;
    yield* disclosures;
    from += bytes.length - rest;
  }
}

async function fetchPart(url: string, { network, reader }: DisclosureReader): Promise<Uint8Array> {
  const { pathname, search } = new URL(url);
  const seconds = Math.floor(Date.now() / 1000);
  const message = readMessage({ network, path: `${pathname}${search}`, seconds });
  const authorization = readHeader({
    reader: reader.publicKey.toBase58() as Address,
    seconds,
    signature: ed25519.sign(message, reader.secretKey.subarray(0, 32)),
  });
  try {
    const response = await fetch(url, {
      headers: { authorization },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 404) {
      await response.body?.cancel();
      return new Uint8Array();
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new Outage('files_unreachable', { url, status: response.status });
    }
    return await bodyOf(response, url);
  } catch (error) {
    if (error instanceof Outage) throw error;
    throw new Outage('files_unreachable', { url }, { cause: error });
  }
}

async function bodyOf(response: Response, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Outage('file_too_large', { url, limit: MOST_BYTES });
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
