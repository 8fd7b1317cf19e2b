import { createSocket, type Socket } from 'node:dgram';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import { decodeRecord, type EvidenceRecord } from '#protocol/evidence/record';
import {
  encodeRouteRequest,
  privatePartHash,
  routeMessage,
  type RouteRequest,
} from '#protocol/route/route-request';
import { millis, type Address } from '#protocol/units';
import { encodePacket } from '#protocol/wire/encode';
import { keyBytes } from '#protocol/wire/key';
import { openPacket } from '#protocol/wire/packet';
import { openDisclosureStore, type DisclosureStore } from '#services/route/disclosures/disclosure-store';
import type { HttpQueue } from '#services/route/forward/http/http-queue';
import type { PacketDown, ReceivedPacket } from '#services/route/hotspot-link';
import type { PrivatePart } from '#services/route/routes/private-part';
import { openRouteFiles, type RouteFiles } from '#services/route/routes/route-files';
import { registerRoute, type RegisterContext } from '#services/route/routes/register-route';
import { openRouter, type Router } from '#services/route/router';
import type { RefreshedCredits } from '#services/route/uplinks/settled-credits';
import { logSigner } from '#services/runtime/log/log-signer';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { openLog, type EvidenceLog } from '#services/runtime/log/open-log';
import { openMetrics } from '#services/runtime/metrics';
import { openPolicies } from '#services/runtime/policies';
import { openRegistryReader } from '#services/runtime/registry-file';
import { verifySignature } from '#services/runtime/signature';
import {
  sessionInit,
  testHotspot,
  testKey,
  TestWorld,
  type TestHotspot,
  type TestKey,
} from '../protocol/epoch/world.ts';
import { diskThatFills } from './full-disk.ts';
import { makeDataDir, SILENT, writeRegistry } from './service-world.ts';

export const ROUTER = testKey('router').secret;

/** A route's owner: a key of Solana. */
export interface TestOwner {
  readonly address: Address;
  readonly secret: Uint8Array;
}

export function testOwner(name: string): TestOwner {
  const { key, secret } = testKey(name);
  return { secret, address: base58.encode(keyBytes(key).subarray(1)) as Address };
}

/** A data frame up of a device. */
export function dataFrame(devAddr: number, counter = 1, size = 20): Uint8Array {
  const frame = new Uint8Array(size).fill(7);
  frame[0] = 0x40;
  new DataView(frame.buffer).setUint32(1, devAddr, true);
  new DataView(frame.buffer).setUint16(6, counter, true);
  return frame;
}

export function joinRequest(joinEui: string, devEui: string): Uint8Array {
  const reversed = (eui: string): Buffer => Buffer.from(eui, 'hex').reverse();
  return Uint8Array.from([0, ...reversed(joinEui), ...reversed(devEui), 1, 2, 9, 9, 9, 9]);
}

/** packet_router_packet_up_v1, signed by a session's key. */
export function packetUp(
  hotspot: TestHotspot,
  session: TestKey,
  of: { readonly frame: Uint8Array; readonly snr?: number; readonly rssi?: number; readonly tmst?: number },
): Uint8Array {
  const fields = {
    key: hotspot.key,
    payload: of.frame,
    timestamp: BigInt(of.tmst ?? 4_294_000_000),
    rssi: of.rssi ?? -100,
    frequency: 868_100_000,
    datarate: 5,
    snr: of.snr ?? 7.5,
    region: 1,
    holdTime: 0n,
  };
  return encodePacket({ ...fields, signature: ed25519.sign(encodePacket(fields), session.secret) });
}

export function routeOf(
  owner: TestOwner,
  part: PrivatePart,
  request: Partial<RouteRequest> & Pick<RouteRequest, 'network'>,
): { readonly bytes: Uint8Array; readonly signature: Uint8Array; readonly private: PrivatePart } {
  const bytes = encodeRouteRequest({
    owner: owner.address,
    route: 'meters',
    sequence: 1,
    until: Math.floor(Date.now() / 1000) + 86_400,
    devAddrs: [[0x26000000, 0x26ffffff]],
    maxCopies: 2,
    maxPacketCredits: 5,
    private: privatePartHash(part),
    ...request,
  });
  return { bytes, signature: ed25519.sign(routeMessage(bytes), owner.secret), private: part };
}

/** A router with a real log, and a GWMP server; hotspots' streams are calls. */
export interface RouteWorld {
  readonly world: TestWorld;
  readonly dataDir: string;
  readonly router: Router;
  readonly log: EvidenceLog;
  readonly disclosures: DisclosureStore;
  readonly files: RouteFiles;
  readonly register: RegisterContext;
  readonly hotspots: readonly TestHotspot[];
  /** Credits that owners hold. */
  readonly balances: Map<Address, bigint>;
  settle(epoch: bigint, totals: ReadonlyMap<Address, bigint>): void;
  readonly downs: { readonly hotspot: string; readonly down: PacketDown }[];
  readonly reoffers: () => number;
  /** What the GWMP server heard. */
  readonly pushed: { readonly data: string; readonly rssi: number }[];
  readonly gwmp: PrivatePart;
  /** Opens a session of a hotspot; packets of it are sent by the function that it gives. */
  session(hotspot: TestHotspot): Promise<(of: Parameters<typeof packetUp>[2]) => void>;
  /** All that the log holds. */
  records(): Promise<readonly { readonly index: number; readonly record: EvidenceRecord }[]>;
  /** Kills and starts again with what is on disk; `full`: the disk takes nothing. */
  restart(): Promise<void>;
  full: boolean;
  close(): Promise<void>;
}

const NO_POSTS: HttpQueue = {
  open: () => {
    throw new Error('this world has no queue');
  },
  start: () => Promise.resolve(),
  close: () => undefined,
};

export async function openRouteWorld(
  options: { readonly firstEpochStart?: number; readonly posts?: HttpQueue } = {},
) {
  const hotspots = [0, 1, 2, 3].map((place) => testHotspot(`route ${place}`, place));
  const world = new TestWorld({ hotspots, epochs: 1 });
  const data = await makeDataDir(world);
  const start = options.firstEpochStart ?? Math.floor(Date.now() / 1000) - 5;
  await writeRegistry(data.dataDir, world, hotspots, start);
  const server: Socket = createSocket('udp4');
  const pushed: { data: string; rssi: number }[] = [];
  server.on('message', (datagram) => {
    if (datagram[3] !== 0) return;
    const { rxpk } = JSON.parse(datagram.subarray(12).toString()) as {
      rxpk: { data: string; rssi: number }[];
    };
    pushed.push(...rxpk);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));

  const balances = new Map<Address, bigint>();
  let totals: ReadonlyMap<Address, bigint> = new Map();
  let through: bigint | null = null;
  const settled = {
    get settledThrough() {
      return through;
    },
    balanceOf: (owner: Address) => balances.get(owner) ?? 0n,
    settledOf: (owner: Address) => totals.get(owner) ?? 0n,
    refresh: () => Promise.resolve(),
  } as RefreshedCredits;
  const origin = `test/${world.network}/route`;
  const dir = join(data.dataDir, 'route');
  await mkdir(dir, { recursive: true });
  const downs: { hotspot: string; down: PacketDown }[] = [];
  let reoffers = 0;
  let sessions = 0;

  const open = async () => {
    const log = await openLog({
      dir,
      origin,
      signer: logSigner(origin, ROUTER),
      clock: () => millis(Date.now()),
      fatal: (error) => {
        throw error;
      },
      files: diskThatFills(() => self.full),
    });
    const disclosures = await openDisclosureStore(join(dir, 'disclosures'));
    const files = await openRouteFiles(join(dir, 'routes'));
    const rules = { allowPrivate: true };
    const router = await openRouter({
      log,
      registry: openRegistryReader(data.dataDir),
      policyOf: openPolicies(data.dataDir),
      now: Date.now,
      config: { copyWindowMs: 50 },
      logger: SILENT,
      metrics: openMetrics('route'),
      rules,
      disclosures,
      files,
      posts: options.posts ?? NO_POSTS,
      settled,
    });
    router.attach({
      send: (hotspot, down) => downs.push({ hotspot, down }) > 0,
      reoffer: () => {
        reoffers += 1;
      },
    });
    const register: RegisterContext = {
      network: world.network,
      table: router.table,
      files,
      buyer: router.buyer,
      append: (bodies) => log.append(bodies),
      verify: verifySignature,
      rules,
      now: Date.now,
    };
    return { log, disclosures, files, router, register };
  };
  const shut = async (): Promise<void> => {
    await self.router.close();
    await self.disclosures.close();
    await self.log.close();
  };
  const self = {
    full: false,
    world,
    dataDir: data.dataDir,
    hotspots,
    balances,
    downs,
    pushed,
    reoffers: () => reoffers,
    gwmp: {
      salt: 'ab'.repeat(32),
      euis: [['70b3d57ed0000001', '*']],
      forward: { kind: 'gwmp', host: '127.0.0.1', port: server.address().port },
    },
    settle: (epoch: bigint, of: ReadonlyMap<Address, bigint>) => {
      through = epoch;
      totals = of;
    },
    session: async (hotspot: TestHotspot) => {
      const key = testKey(`session ${(sessions += 1)}`);
      const nonce = new Uint8Array(32).fill(sessions);
      const index = await self.router.handlers.appendSession(nonce, sessionInit(hotspot, key, nonce));
      return (of: Parameters<typeof packetUp>[2]) => {
        const received: ReceivedPacket = {
          packet: openPacket(packetUp(hotspot, key, of)),
          session: index,
          receivedAt: millis(Date.now()),
        };
        self.router.handlers.onPacket(received);
      };
    },
    records: async () => {
      const found = await openJournalReader(join(dir, 'journal')).read(0, 10_000);
      return found.map(({ index, entry }) => ({ index, record: decodeRecord(entry) }));
    },
    restart: async () => {
      await shut();
      Object.assign(self, await open());
    },
    close: async () => {
      await shut();
      server.close();
      await data.close();
    },
  } as unknown as { -readonly [Name in keyof RouteWorld]: RouteWorld[Name] };
  Object.assign(self, await open());
  return self as RouteWorld;
}

export { registerRoute };
