import { monitorEventLoopDelay } from 'node:perf_hooks';
import { testHotspot, TestWorld } from '../../test/protocol/epoch/world.ts';
import { openIngestWorld } from '../../test/support/grpc/ingest-world.ts';
import { makeDataDir } from '../../test/support/service-world.ts';
import type { Asked, ServerState, Told } from './messages.ts';

/** Ingest in a process of its own, so that the memory that is read is the server's: `server.ts HOTSPOTS`. */
const count = Number(process.argv[2]);
const hotspots = Array.from({ length: count }, (_, place) => testHotspot(`held ${place}`, place % 64));
const data = await makeDataDir(new TestWorld({ hotspots, epochs: 1 }));
const world = await openIngestWorld({
  dataDir: data.dataDir,
  addressBudget: 1e9,
  keyBudget: 1e9,
  // A few more are measured beside those that are held, all from one address.
  bounds: { all: 2 * count, perAddress: 2 * count },
  times: { initMs: 30_000, renewMs: 1_815_000 },
});
const late = monitorEventLoopDelay({ resolution: 10 });
late.enable();

async function state(asked: Asked): Promise<ServerState> {
  const [, streams] = /^ingest_grpc_streams_open\{[^}]*\} (\d+)$/m.exec(await world.metrics.text()) ?? [];
  const lateMs = late.percentile(99) / 1e6 - 10;
  if (asked === 'memory') global.gc?.();
  const { rss: rssBytes, heapUsed: heapBytes } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  late.reset();
  return {
    rssBytes,
    heapBytes,
    streams: Number(streams ?? 0),
    records: world.log.size,
    cpuMs: (user + system) / 1000,
    lateMs,
  };
}

async function close(): Promise<void> {
  await world.close();
  await data.close();
  process.exit(0);
}

const tell = (told: Told): void => void process.send?.(told);
process.on('message', (asked: Asked) => {
  if (asked === 'close') void close();
  else void state(asked).then(tell);
});
// Whoever started it is gone.
process.on('disconnect', () => void close());
tell({ url: world.url });
