import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryReceivedAt } from '#protocol/evidence/record';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import type { Disclosure } from '#protocol/route/disclosure';
import { epochNumber, type Address } from '#protocol/units';
import { createHttpServer, type HttpServer } from '#services/runtime/http-server';
import { serveLog } from '#services/runtime/evidence/serve-log';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { servePublicFolders } from '#services/runtime/public-server';
import { verifySignature } from '#services/runtime/signature';
import { openDisclosureFiles, type DisclosureFiles } from '#services/settle/disclosures/disclosure-files';
import { serveDisclosures } from '#services/settle/disclosures/serve-disclosures';
import type { Oracle } from '#services/settle/oracle';
import { freePorts } from '../../scripts/redis.ts';
import { TestRouter, type TestOwner } from '../protocol/epoch/packet-world.ts';
import { TestWorld } from '../protocol/epoch/world.ts';
import { testSigner, writeWitnessed } from './cut-world.ts';
import { latestBlock, startLiveNetwork, type LiveNetwork } from './live-network.ts';
import { oracleFolder, openLiveOracle } from './live-oracles.ts';

const logger = createLogger({ stage: 'test', level: 'fatal' });
const [INGEST, ROUTER] = [0, 1] as const;
const LOGS = ['ingest', 'route'] as const;

/** A live network with an ingest's log and a router's, whose records are written ahead of the chain's clock. */
export interface PacketNetwork {
  readonly live: LiveNetwork;
  readonly world: TestWorld;
  readonly router: TestRouter;
  readonly owner: TestOwner;
  /** Which oracles the router answers; all by default. */
  answers: readonly number[];
  /** Milliseconds. */
  start(epoch: number): number;
  end(epoch: number): number;
  closeEpoch(epoch: number): void;
  /** Publishes of both logs what is after the last time and up to this one. */
  publish(until: number): Promise<void>;
  /** Has the router disclose packets to those whom it answers. */
  disclose(epoch: number, disclosures: readonly Disclosure[]): Promise<void>;
  /** An oracle that asks the router and the other oracles. */
  openOracle(number: number): Promise<Oracle>;
  close(): Promise<void>;
}

export async function startPacketNetwork(options: {
  readonly epochS: number;
  readonly graceMs: number;
  readonly lateMs: number;
}): Promise<PacketNetwork> {
  const { epochS, graceMs } = options;
  const dir = await mkdtemp(join(tmpdir(), 'coverant-packets-'));
  const publicOf = (log: number): string => join(dir, LOGS[log] ?? '', 'public');
  for (const log of LOGS.keys()) await mkdir(publicOf(log), { recursive: true });
  const port = await freePorts(1);
  const signerOf = (log: number, network: string): ReturnType<typeof testSigner> =>
    testSigner(`packets/${network}/${LOGS[log] ?? ''}`, 1 + log);
  const live = await startLiveNetwork({
    epochS,
    leadS: 10,
    logs: (network) =>
      LOGS.map((_, log) => {
        const { key } = signerOf(log, network);
        const url = log === ROUTER ? `http://127.0.0.1:${port}` : publicOf(log);
        return { origin: key.name, vkey: formatVerifierKey(key), url };
      }),
    policy: { grace_ms: graceMs, late_log_ms: options.lateMs },
  });
  const network = live.network.toBase58() as Address;
  const owner: TestOwner = {
    address: live.owner.publicKey.toBase58() as Address,
    secret: live.owner.secretKey.slice(0, 32),
  };
  const world = new TestWorld({
    hotspots: live.hotspots,
    epochs: 0,
    logs: 2,
    block: await latestBlock(live.connection),
  });
  const router = new TestRouter({ log: world.log(ROUTER), network });
  const servers: HttpServer[] = [];
  const serve = async (at: number, fill: (server: HttpServer) => Promise<void>): Promise<string> => {
    const server = createHttpServer({
      logger,
      metrics: openMetrics('settle'),
      health: () => ({ ok: true }),
    });
    await fill(server);
    servers.push(server);
    return await server.listen({ host: '127.0.0.1', port: at });
  };
  const seatOf = (reader: string): number =>
    live.oracles.findIndex(({ publicKey }) => publicKey.toBase58() === reader);

  const disclosed = await openDisclosureFiles(join(dir, 'disclosed'));
  await serve(port, async (server) => {
    await serveLog(server, { root: publicOf(ROUTER), prefix: '/' });
    const isOracle = (reader: Address): boolean => self.answers.includes(seatOf(reader));
    serveDisclosures(server, { files: disclosed, network, isOracle, verify: verifySignature });
  });
  const kept: DisclosureFiles[] = [];
  const urls: string[] = [];
  for (const number of live.oracles.keys()) {
    const folder = oracleFolder(live, number);
    const files = await openDisclosureFiles(join(folder, 'disclosures'));
    kept.push(files);
    urls.push(
      await serve(0, async (server) => {
        await servePublicFolders(server, folder, ['epochs', 'evidence']);
        const isOracle = (reader: Address): boolean => seatOf(reader) >= 0;
        serveDisclosures(server, { files, network, isOracle, verify: verifySignature });
      }),
    );
  }

  const start = (epoch: number): number => (live.firstEpochStart + epoch * epochS) * 1000;
  let published = 0;
  const self: PacketNetwork = {
    live,
    world,
    router,
    owner,
    answers: [...live.oracles.keys()],
    start,
    end: (epoch) => start(epoch + 1),
    closeEpoch: (epoch) => {
      const closed = { kind: 'epoch_close', epoch: epochNumber(BigInt(epoch)) } as const;
      const receivedAt = start(epoch + 1) + graceMs;
      world.log(INGEST).add({ receivedAt, body: closed });
      router.append(receivedAt, closed);
    },
    publish: async (until) => {
      for (const log of LOGS.keys())
        await writeWitnessed({
          dir: join(dir, LOGS[log] ?? ''),
          signer: signerOf(log, network),
          entries: world
            .log(log)
            .entries()
            .filter((entry) => entryReceivedAt(entry) > published && entryReceivedAt(entry) <= until),
          witnesses: [],
          sees: () => false,
          from: Math.max(published, start(0) - 120_000),
          until,
        });
      published = until;
    },
    disclose: (epoch, disclosures) => disclosed.add(epochNumber(BigInt(epoch)), disclosures),
    openOracle: (number) => {
      const disclosures = kept[number];
      if (disclosures === undefined) throw new RangeError(`no oracle ${number}`);
      return openLiveOracle(live, number, {
        disclosures,
        peerUrls: urls.filter((_, at) => at !== number),
      });
    },
    close: async () => {
      for (const server of servers) await server.close();
      await live.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return self;
}
