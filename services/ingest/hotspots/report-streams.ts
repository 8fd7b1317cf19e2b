import type { HotspotKey } from '#protocol/units';
import { openReport } from '#protocol/wire/report';
import type { GrpcStream } from '../../runtime/grpc/grpc-stream.ts';
import type { Holds } from '../../runtime/grpc/holds.ts';
import { openLiveStreams } from '../../runtime/grpc/live-streams.ts';
import type { StreamMethod } from '../../runtime/grpc/methods.ts';
import { grpcRefusal } from '../../runtime/grpc/refusals.ts';
import { opened, type SessionRules } from '../../runtime/grpc/session-handshake.ts';
import { holdingRefused, openSessionStream, type SessionStream } from '../../runtime/grpc/session-stream.ts';
import type { ReportDoor } from './report-door.ts';

const FIELD = { offer: 1, beacon: 1, witness: 2, init: 3 } as const;
const FIELDS = { offer: FIELD.offer, init: FIELD.init, members: [FIELD.beacon, FIELD.witness, FIELD.init] };

interface Live {
  readonly stream: GrpcStream;
  readonly session: SessionStream;
}

/**
 * poc_lora.stream_requests: the offer goes out with the headers; a session stands in the log before any report names it;
 * nothing is read on while a report is on its way to the disk.
 */
export function openReportStreams(options: {
  readonly rules: SessionRules;
  readonly holds: Holds;
  readonly door: Pick<ReportDoor, 'enter' | 'takeStreamed'>;
  readonly sessionBegun: () => void;
}): StreamMethod {
  const { rules, holds, door } = options;
  const live = openLiveStreams<Live>();

  const run = async (stream: GrpcStream, entry: Live): Promise<void> => {
    const { session } = entry;
    door.enter(stream.address);
    session.offer();
    for (let member = await session.next(); member !== null; member = await session.next()) {
      const { field, bytes } = member;
      const report = opened(() => openReport(field === FIELD.beacon ? 'beacon' : 'witness', bytes));
      const { index } = session.sessions.sessionOf(report);
      await door.takeStreamed({ report, session: index });
    }
    // Whoever only opens and closes streams gets no better end than whoever says nothing.
    if (session.sessions.current === null) throw grpcRefusal('no_init');
  };
  return {
    kind: 'stream',
    run: async (stream) => {
      const begun = (key: HotspotKey): void => {
        holds.forgive(key);
        options.sessionBegun();
        live.add(key, entry);
      };
      const entry: Live = {
        stream,
        session: openSessionStream({ stream, rules, hotspot: null, fields: FIELDS, opened: begun }),
      };
      const { sessions } = entry.session;
      try {
        await holdingRefused(() => run(stream, entry), {
          stream,
          holds,
          nameOf: () => sessions.key ?? stream.address,
        });
      } finally {
        if (sessions.key !== null) live.remove(sessions.key, entry);
      }
    },
  };
}
