import { fromBinary } from '@bufbuild/protobuf';
import { lora_stream_response_v1Schema } from '../../../runtime/grpc/generated/poc_lora_pb.js';
import type { Clock } from '#services/simulate/medium/clock';
import type { Random } from '#services/simulate/medium/random';
import type { Channel } from './grpc-channel.ts';
import type { KeyPair, Sign } from '../identity.ts';
import { signedReport, type Draft } from '../reports.ts';
import { openSessionLink } from './session-link.ts';

/** Fields of the stream's envelope. */
const FIELDS = { beacon: 1, witness: 2, session_init: 3 } as const;
const UNARY = {
  beacon: '/helium.poc_lora.poc_lora/submit_lora_beacon',
  witness: '/helium.poc_lora.poc_lora/submit_lora_witness',
} as const;

/** Which protocol a hotspot speaks: sessions on a stream from v1.3.0 on, unary calls before. */
export type Version = '1.3.0' | '1.2.0';

/** Where reports go. They are lost where the network does not take them, as with a real hotspot. */
export interface Uplink {
  readonly counts: { readonly sent: number; readonly lost: number };
  /** Signs and sends; `sign` stands for another key than the one that it would sign with. */
  readonly submit: (draft: Draft, sign?: Sign) => void;
  /** Resolves when it is not busy with opening a stream. */
  readonly settled: () => Promise<void>;
  readonly close: () => void;
}

export function openPocLink(options: {
  readonly version: Version;
  readonly channel: Channel;
  readonly identity: KeyPair;
  readonly clock: Clock;
  readonly random: Random;
}): Uplink {
  return options.version === '1.2.0' ? openUnary(options) : openStream(options);
}

function openStream(options: Omit<Parameters<typeof openSessionLink>[0], 'protocol'>): Uplink {
  const link = openSessionLink({
    ...options,
    protocol: {
      path: '/helium.poc_lora.poc_lora/stream_requests',
      initField: FIELDS.session_init,
      offeredNonce: pocNonce,
    },
  });
  return {
    counts: link.counts,
    settled: link.settled,
    submit: (draft, sign) => {
      link.send(FIELDS[draft.kind], (session) => signedReport(draft, sign ?? session.sign).bytes);
    },
    close: link.close,
  };
}

function openUnary({ channel, identity }: { readonly channel: Channel; readonly identity: KeyPair }): Uplink {
  const counts = { sent: 0, lost: 0 };
  return {
    counts,
    settled: () => Promise.resolve(),
    submit: (draft, sign) => {
      channel.unary(UNARY[draft.kind], signedReport(draft, sign ?? identity.sign).bytes).then(
        () => {
          counts.sent += 1;
        },
        () => {
          counts.lost += 1;
        },
      );
    },
    close: () => undefined,
  };
}

/** The nonce of an offer; what cannot be decoded is none. */
export function pocNonce(message: Uint8Array): Uint8Array | null {
  try {
    const { response } = fromBinary(lora_stream_response_v1Schema, message);
    return response.case === 'sessionOffer' ? response.value.nonce : null;
  } catch {
    return null;
  }
}
