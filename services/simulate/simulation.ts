import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#services/runtime/logger';
import { openAir } from './air.ts';
import type { Hotspot } from './fleet.ts';
import { identityOf } from './identity.ts';
import type { IngestClient, SignedReport } from './ingest-client.ts';
import type { Frame, Reception } from './radio.ts';
import { makeBeacon, makeWitness, reportBeacon } from './reports.ts';
import { beaconTime, nextBucket } from './schedule.ts';

export interface Counts {
  beacons: number;
  witnesses: number;
  receipted: number;
  lost: number;
}

/** A witness counts up to 4 s after the beacon; later ones would only be too_late. */
const WITNESS_RETRY_MS = 2_000;

export interface SimulationOptions {
  readonly fleet: readonly Hotspot[];
  readonly client: IngestClient;
  readonly intervalMs: number;
  readonly seed: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Lets every hotspot beacon once per bucket and witness what it hears, honestly or not, until the signal aborts. */
export async function runSimulation(options: SimulationOptions, counts: Counts): Promise<void> {
  const { fleet, client, intervalMs, signal, now } = options;
  const bucketEnd = (): number => (Math.floor(now() / intervalMs) + 1) * intervalMs;

  const submit = (report: SignedReport, until: number): void => {
    counts[report.kind === 'beacon' ? 'beacons' : 'witnesses'] += 1;
    void client.submit(report, until).then((sent) => {
      counts[sent.kind] += 1;
      if (sent.kind === 'lost' && !signal.aborted)
        options.logger.warn({ kind: report.kind, reason: sent.reason }, 'a report was lost');
    });
  };

  const stolen = new Map<Hotspot, number>();
  const steal = async (hotspot: Hotspot, frame: Frame): Promise<void> => {
    const bucket = Math.floor(now() / intervalMs);
    if (stolen.get(hotspot) === bucket) return;
    stolen.set(hotspot, bucket);
    // The remote entropy is public; the local one stays the victim's secret until its report is.
    const remote = (await client.entropy()).data;
    const report = { hotspot, frame, remote, local: randomBytes(4), now: now(), sign: hotspot.sign };
    submit(reportBeacon(report), bucketEnd());
  };
  const hear = (hotspot: Hotspot, frame: Frame, reception: Reception): void => {
    if (hotspot.role === 'thief') void steal(hotspot, frame).catch(() => undefined);
    else {
      const sign = signerOf(hotspot);
      submit(makeWitness({ hotspot, frame, reception, now: now(), sign }), now() + WITNESS_RETRY_MS);
    }
  };
  const air = openAir({ ...options, hear });

  const beacon = async (hotspot: Hotspot): Promise<void> => {
    const remote = await client.entropy();
    const made = makeBeacon({ hotspot, remote, now: now(), sign: signerOf(hotspot) });
    submit(made.report, bucketEnd());
    // The forger has no radio, only a socket.
    if (hotspot.role !== 'forger') air.transmit(hotspot, made.frame);
  };
  const beaconForever = async (hotspot: Hotspot, index: number): Promise<void> => {
    for (let bucket = nextBucket(now(), intervalMs); ; bucket += 1) {
      const at = beaconTime({ bucket, intervalMs, index, count: fleet.length });
      if (at < now()) continue;
      await sleep(at - now(), undefined, { signal });
      await beacon(hotspot);
    }
  };
  const loops = fleet
    .map((hotspot, index) => ({ hotspot, index }))
    // The thief has no beacons of its own.
    .filter(({ hotspot }) => hotspot.role !== 'thief')
    .map(({ hotspot, index }) => beaconForever(hotspot, index));
  await Promise.all(loops).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** The forger's reports are signed by a key that it made up. */
function signerOf(hotspot: Hotspot): Hotspot['sign'] {
  if (hotspot.role !== 'forger') return hotspot.sign;
  const { curve } = hotspot;
  return identityOf({ secret: Buffer.from(hotspot.key, 'hex'), label: 'forgery', curve }).sign;
}
