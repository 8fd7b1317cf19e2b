import type { OtherStreams } from '../../runtime/grpc/grpc-server.ts';
import type { Holds } from '../../runtime/grpc/holds.ts';
import type { GrpcMethods } from '../../runtime/grpc/methods.ts';
import { openBudget } from '../../runtime/budget.ts';
import { SESSIONS_A_MINUTE, type SessionRules } from '../../runtime/grpc/session-handshake.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { RegistryReader } from '../../runtime/registry-file.ts';
import type { Closeable } from '../../runtime/shutdown.ts';
import type { EntropyService } from '../entropy.ts';
import type { ReportsContext } from '../reports-route.ts';
import type { ConfigKey } from './config-key.ts';
import { hotspotMethods } from './hotspot-methods.ts';
import { openRegionParams } from './region-params.ts';
import { openReportBatches } from './report-batches.ts';
import { openReportDoor } from './report-door.ts';
import { openReportStreams } from './report-streams.ts';
import { openRoutePipe } from './route-pipe.ts';

export interface HotspotsContext extends Omit<ReportsContext, 'refused'> {
  readonly metrics: Metrics;
  readonly entropy: Pick<EntropyService, 'current'>;
  readonly registry: RegistryReader;
  readonly configKey: ConfigKey;
  readonly random: SessionRules['random'];
  readonly times: Pick<SessionRules, 'initMs' | 'renewMs'>;
  readonly holds: Holds;
  readonly routeUrl: string | null;
}

/** Everything that fielded hotspots call here. */
export function openHotspots(
  context: HotspotsContext,
): Closeable & { readonly methods: GrpcMethods; readonly otherStreams: OtherStreams } {
  const { verify, now, holds } = context;
  const batches = openReportBatches(context.append);
  const door = openReportDoor({ ...context, batches });
  const sessions = context.metrics.counter('sessions_total', 'Sessions that hotspots opened');
  const reportStreams = openReportStreams({
    rules: {
      ...context.times,
      random: context.random,
      verify,
      now,
      admit: (key) => door.admitKey(key),
      budget: openBudget(SESSIONS_A_MINUTE),
      appendSession: (nonce, init) => batches.append({ kind: 'session_init', nonce, init }),
    },
    holds,
    door,
    sessionBegun: () => {
      sessions.inc();
    },
  });
  const pipe = openRoutePipe(context.routeUrl);
  return {
    methods: hotspotMethods({
      regionParams: openRegionParams(context),
      entropy: context.entropy,
      door,
      reportStreams,
    }),
    otherStreams: pipe.streams,
    close: () => pipe.close(),
  };
}
