import { setTimeout as sleep } from 'node:timers/promises';
import { deriveBeacon } from '#protocol/crypto/payload';
import { regionPlan } from '#protocol/geo/regions';
import { identityOf, type KeyPair } from '#services/simulate/hotspot/identity';
import { openChannel } from '#services/simulate/hotspot/link/grpc-channel';
import { openPocLink, type Version } from '#services/simulate/hotspot/link/poc-link';
import { regionRequest } from '#services/simulate/hotspot/messages';
import { beaconDraft, signedReport, witnessDraft, type Draft } from '#services/simulate/hotspot/reports';
import { realClock, type Clock } from '#services/simulate/medium/clock';
import { seededRandom } from '#services/simulate/medium/random';
import { airtimeMs } from '#services/simulate/medium/radio';
import { openFakeNetwork, PATHS } from '../test/support/simulate/fake-network.ts';
import { openByteCounter } from './byte-counter.ts';

/** Reports of one measurement, and witnesses of a beacon that are paid. */
const REPORTS = 50;
const WITNESSES = 14;
const FRAME_BYTES = 52;

/** Bytes inside TCP for one thing, both ways together, and of its messages alone. */
export interface WireFigure {
  readonly what: string;
  readonly bytes: number;
  readonly messages: number;
}

/** Bytes that hotspots of both versions send and receive, counted between them and a server on this machine. */
export async function measureWire(): Promise<readonly WireFigure[]> {
  const network = await openFakeNetwork();
  const proxy = await openByteCounter(Number(new URL(network.uri).port));
  const patience = realClock();
  const channel = openChannel(`http://127.0.0.1:${proxy.port}`, patience);
  const identity = identityOf({ secret: new Uint8Array(32), label: 'wire', curve: 'ed25519' });
  const figures: WireFigure[] = [];
  const add = async (what: string, messages: number, of: { count: number; run: () => Promise<unknown> }) => {
    const before = proxy.bytes();
    await of.run();
    await sleep(100);
    figures.push({ what, messages, bytes: Math.round((proxy.bytes() - before) / of.count) });
  };
  const region = regionRequest(identity, 1);
  const answer = network.answers.get(PATHS.region);
  const length = region.length + (typeof answer === 'object' ? answer.length : 0);
  await add('region_params, once an hour', length, {
    count: 1,
    run: () => channel.unary(PATHS.region, region),
  });
  const entropy = network.answers.get(PATHS.entropy);
  await add('entropy, before a beacon', typeof entropy === 'object' ? entropy.length : 0, {
    count: 1,
    run: () => channel.unary(PATHS.entropy, new Uint8Array(0)),
  });
  for (const version of ['1.3.0', '1.2.0'] as const) {
    const clock = hastyClock();
    const link = openPocLink({ version, channel, identity, clock, random: seededRandom('wire') });
    if (version === '1.3.0')
      await add('session of v1.3.0, every half hour', 36 + 173, { count: 1, run: () => sleep(300) });
    for (const draft of drafts(identity)) {
      const { length } = signedReport(draft, identity.sign).bytes;
      const run = async () => {
        for (let sent = 0; sent < REPORTS; sent += 1) {
          link.submit(draft);
          // Apart: together they would share HTTP/2 frames, as real ones do not.
          await sleep(10);
        }
        while (link.counts.sent < REPORTS) await sleep(20);
        await sleep(200);
      };
      await add(`${draft.kind} report of v${version}`, length, { count: REPORTS, run });
    }
    link.close();
    clock.close();
  }
  channel.close();
  patience.close();
  await proxy.close();
  await network.close();
  return figures;
}

/** What a beacon with all witnesses that can be paid takes on air and on the wire. */
export function wireLines(figures: readonly WireFigure[]): readonly string[] {
  const airtime = (['EU868', 'US915'] as const).map((region) => {
    const datarate = deriveBeacon({ remote: NOTHING, local: NOTHING, region, gain: 12 }).datarate;
    return `${airtimeMs(datarate, FRAME_BYTES)} ms in ${region} (${datarate})`;
  });
  const bytesOf = (what: string): number => figures.find((figure) => figure.what === what)?.bytes ?? 0;
  return [
    `wire: a beacon is ${FRAME_BYTES} bytes on air: ${airtime.join(', ')}`,
    ...figures.map(
      ({ what, bytes, messages }) =>
        `wire: ${what}: ${bytes} bytes in TCP, ${(bytes / messages).toFixed(2)} of its messages (${messages})`,
    ),
    ...(['1.3.0', '1.2.0'] satisfies Version[]).map((version) => {
      const reports =
        bytesOf(`beacon report of v${version}`) + WITNESSES * bytesOf(`witness report of v${version}`);
      const all = bytesOf('entropy, before a beacon') + reports;
      return `wire: a beacon with ${WITNESSES} witnesses of v${version}: ${all} bytes in TCP`;
    }),
  ];
}

const NOTHING = { data: new Uint8Array(32), timestamp: 0, version: 0 };

function drafts(identity: KeyPair): readonly Draft[] {
  const remote = new Uint8Array(32).fill(1);
  const local = Uint8Array.of(1, 2, 3, 4);
  const entropies = { remote: { ...NOTHING, data: remote }, local: { ...NOTHING, data: local } };
  const derived = deriveBeacon({ ...entropies, region: regionPlan('EU868'), gain: 12 });
  const told = { ...derived, frequency: Number(derived.frequency) };
  const stamp = { key: identity.key, timestamp: 1_790_000_000_000_000_000n, tmst: 3_000_000_000 };
  return [
    beaconDraft({ ...stamp, told, local, remote }),
    witnessDraft({ ...stamp, told, reception: { rssi: -105, snr: 5.5 } }),
  ];
}

/** Opens the stream at once instead of after 5 s. */
function hastyClock(): Clock {
  const clock = realClock();
  return { ...clock, after: (ms, call) => clock.after(ms < 10_000 ? ms / 100 : ms, call) };
}
