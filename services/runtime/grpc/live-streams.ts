import type { HotspotKey } from '#protocol/units';
import type { GrpcStream } from './grpc-stream.ts';
import { grpcRefusal } from './refusals.ts';

/** A hotspot has one stream, and for a moment two, where the old one's end has not been noticed. */
const STREAMS_PER_HOTSPOT = 2;

/** Streams with a session, by hotspot; of one hotspot the newest last. */
export interface LiveStreams<Stream extends { readonly stream: GrpcStream }> {
  readonly size: number;
  /** Ends the hotspot's oldest stream where it has too many. Adding one again changes nothing. */
  add(key: HotspotKey, live: Stream): void;
  remove(key: HotspotKey, live: Stream): void;
  newest(key: HotspotKey): Stream | null;
  all(): IterableIterator<Stream>;
}

export function openLiveStreams<Stream extends { readonly stream: GrpcStream }>(): LiveStreams<Stream> {
  const byKey = new Map<HotspotKey, Stream[]>();
  let size = 0;
  const remove = (key: HotspotKey, live: Stream): void => {
    const streams = byKey.get(key);
    const at = streams?.indexOf(live) ?? -1;
    if (streams === undefined || at < 0) return;
    streams.splice(at, 1);
    size -= 1;
    if (streams.length === 0) byKey.delete(key);
  };
  return {
    get size() {
      return size;
    },
    add: (key, live) => {
      const streams = byKey.get(key) ?? [];
      if (streams.includes(live)) return;
      byKey.set(key, streams);
      streams.push(live);
      size += 1;
      const [oldest] = streams;
      if (oldest === undefined || streams.length <= STREAMS_PER_HOTSPOT) return;
      remove(key, oldest);
      oldest.stream.end(grpcRefusal('superseded'));
    },
    remove,
    newest: (key) => byKey.get(key)?.at(-1) ?? null,
    *all() {
      for (const streams of byKey.values()) yield* streams;
    },
  };
}
