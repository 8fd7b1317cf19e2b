import { REGION_NUMBERS } from '#protocol/wire/region';
import type { HotspotKey } from '#protocol/units';
import type { Clock } from '#services/simulate/medium/clock';
import type { Random } from '#services/simulate/medium/random';
import type { KeyPair } from './identity.ts';
import { backoffMs } from './link/backoff.ts';
import type { Channel } from './link/grpc-channel.ts';
import { regionRequest } from './messages.ts';
import { openRegionAnswer, type RegionParams } from './region-answer.ts';

const PATH = '/helium.iot_config.gateway/region_params';
const HOUR_MS = 3_600_000;

export interface RegionWatch {
  /** What was accepted last; null until then. */
  readonly params: () => RegionParams | null;
  readonly counts: { readonly accepted: number; readonly refused: number };
  readonly close: () => void;
}

/** Asks for the region 7 to 13 s after start, then hourly; what fails or does not verify is asked again after 14 to 26 s, then twice that. */
export function openRegionWatch(options: {
  readonly channel: Channel;
  readonly server: HotspotKey;
  readonly identity: KeyPair;
  /** Number of the region to ask for first; unknown unless the owner set one. */
  readonly region?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onAnswer: (params: RegionParams) => void;
  readonly onRefusal?: (error: unknown) => void;
}): RegionWatch {
  const { channel, server, identity, clock, random } = options;
  const counts = { accepted: 0, refused: 0 };
  let params: RegionParams | null = null;
  let retries = 1;
  let isClosed = false;
  let cancel = (): void => undefined;
  const askAfter = (ms: number): void => {
    if (!isClosed) cancel = clock.after(ms, () => void ask());
  };
  const retryMs = (): number => backoffMs({ retries, mostMs: HOUR_MS, random });
  const ask = async (): Promise<void> => {
    const region = params?.region ?? options.region ?? REGION_NUMBERS.UNKNOWN;
    try {
      const answer = await channel.unary(PATH, regionRequest(identity, region));
      if (isClosed) return;
      params = openRegionAnswer(answer, server);
      counts.accepted += 1;
      retries = 1;
      options.onAnswer(params);
      askAfter(HOUR_MS);
    } catch (error) {
      counts.refused += 1;
      retries += 1;
      options.onRefusal?.(error);
      askAfter(retryMs());
    }
  };
  askAfter(retryMs());
  return {
    params: () => params,
    counts,
    close: () => {
      isClosed = true;
      cancel();
    },
  };
}
