import { signCheckpoint } from '#protocol/evidence/checkpoint';
import { publicFile, TreeEdge } from '#services/runtime/log/tree-edge';
import { logReaderOver, type PublicLogReader } from '#services/runtime/evidence/public-log-reader';
import type { LineLog } from './logs.ts';
import { signerOf } from './world.ts';

/** The public files that a log's ingest would serve. */
export interface PublicLog {
  readonly origin: string;
  /** Makes all entries before `size` public; sizes never fall. */
  readonly publish: (size: number) => void;
  readonly reader: PublicLogReader;
}

export function publicLog({ origin, entries }: LineLog): PublicLog {
  const signer = signerOf(origin);
  const files = new Map<string, Uint8Array>();
  const edge = new TreeEdge();
  let signed: { readonly size: number; readonly note: Uint8Array } | null = null;
  const publish = (size: number): void => {
    if (edge.size >= size) return;
    const full = entries.slice(edge.size, size).flatMap(({ entry }) => edge.append(entry));
    for (const { path, bytes } of [...full, ...edge.partials()].map(publicFile)) files.set(path, bytes);
  };
  const checkpoint = (): Uint8Array => {
    if (signed?.size !== edge.size)
      signed = {
        size: edge.size,
        note: signCheckpoint({ origin, size: edge.size, root: edge.root() }, [signer]),
      };
    return signed.note;
  };
  const reader = logReaderOver({
    location: origin,
    read: (path) => Promise.resolve(path === 'checkpoint' ? checkpoint() : (files.get(path) ?? null)),
  });
  return { origin, publish, reader };
}
