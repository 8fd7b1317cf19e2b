import { hotspotEpoch } from '#protocol/hotspot/hotspot-epoch';
import { openHotspotSources } from '#protocol/hotspot/sources';
import { checkFolder } from '#protocol/settle/folder/check-folder';
import type { Difference } from '#protocol/settle/folder/difference';
import { keyFromTextOrHex } from '#protocol/wire/key';
import { firstOracle } from '#services/runtime/first-oracle';
import { openPublicFiles } from '#services/runtime/public-files';
import { verifySignature } from '#services/runtime/signature';
import { latestEpoch, readHotspotFiles } from './read-epoch.ts';
import { whyJson } from './why-json.ts';
import { whyLines } from './why-lines.ts';

/** What `hotspot why` is asked. */
export interface WhyQuestion {
  /** The hotspot's key, base58check text. */
  readonly key: string;
  readonly dataDir: string;
  /** Default: the newest at hand. */
  readonly epoch?: bigint;
  /** Default: the first oracle below dataDir. */
  readonly from?: string;
  readonly rpc?: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** The screen, or with `check` the first thing in the folder that does not follow from its evidence. */
export type WhyAnswer =
  { readonly lines: readonly string[] } | { readonly epoch: bigint; readonly difference: Difference };

/** Reads the folder and answers; throws what a key, a folder or the chain is refused by, or an Outage. */
export async function tellWhy(question: WhyQuestion): Promise<WhyAnswer> {
  const key = keyFromTextOrHex(question.key);
  const source = openPublicFiles(question.from ?? (await firstOracle(question.dataDir)));
  const epoch = question.epoch ?? (await latestEpoch(source));
  const recomputed = question.check === true;
  const files = await readHotspotFiles(source, { epoch, whole: recomputed });
  if (recomputed) {
    const checked = checkFolder({ files, verify: verifySignature });
    if (!checked.agrees) return { epoch, difference: checked.difference };
  }
  const sources = openHotspotSources({ files, key, verify: verifySignature });
  const why = hotspotEpoch(sources, key);
  // The chain's client is large, and most questions need none.
  const chain =
    question.rpc === undefined
      ? null
      : await (await import('./read-chain.ts')).readHotspotChain(question.rpc, { sources, key });
  const told = { location: source.location, recomputed, chain };
  return {
    lines: question.json === true ? [JSON.stringify(whyJson(why, told), null, 2)] : whyLines(why, told),
  };
}
