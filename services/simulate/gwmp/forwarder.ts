import { createSocket } from 'node:dgram';
import { openConcentrator } from '#services/simulate/medium/concentrator';
import type { Medium } from '#services/simulate/medium/medium';
import { between, type Random } from '#services/simulate/medium/random';
import type { Antenna } from '#services/simulate/medium/radio';
import { openDatagram, pullData, pushData, txAck, type TxFrame } from './datagram.ts';

const PULL_MS = 9_000;
/** A forwarder answers within, ms. */
const TX_ACK_MS = { least: 5, most: 50 };

export interface ForwarderCounts {
  pulled: number;
  acknowledged: number;
  /** Frames for the air, and those that came too late or too early for it. */
  sent: number;
  refused: number;
  /** Frames from the air. */
  pushed: number;
  /** Datagrams that say nothing. */
  ignored: number;
}

export interface Forwarder {
  readonly counts: Readonly<ForwarderCounts>;
  readonly close: () => Promise<void>;
}

/** The packet forwarder of one gateway-rs: its process listens on UDP, its antenna is in the medium. */
export function openForwarder(options: {
  readonly host: string;
  readonly port: number;
  /** 8 bytes that name the forwarder. */
  readonly eui: Uint8Array;
  readonly medium: Medium;
  readonly antenna: Antenna;
  readonly random: Random;
}): Forwarder {
  const { host, port, eui, medium, random } = options;
  const { clock } = medium;
  const counts: ForwarderCounts = {
    pulled: 0,
    acknowledged: 0,
    sent: 0,
    refused: 0,
    pushed: 0,
    ignored: 0,
  };
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  let token = 0;
  let isClosed = false;
  let cancelPull = (): void => undefined;
  const nextToken = (): number => {
    token = (token + 1) % 0x10000;
    return token;
  };
  const send = (datagram: Buffer): void => {
    if (!isClosed) socket.send(datagram, port, host, () => undefined);
  };
  const concentrator = openConcentrator({
    medium,
    antenna: options.antenna,
    heard: ({ frame, rssi, snr, tmst, end }) => {
      const { payload, frequency, datarate } = frame;
      counts.pushed += 1;
      const heard = { payload, frequency, datarate, rssi, snr, tmst, time: end };
      send(pushData(eui, { token: nextToken(), frame: heard }));
    },
  });
  const transmit = (frame: TxFrame, asked: number): void => {
    const { tmst: timed, ...rest } = frame;
    const { error, tmst } = concentrator.send(rest, timed ?? undefined);
    counts[error === 'NONE' ? 'sent' : 'refused'] += 1;
    clock.after(between(random, TX_ACK_MS.least, TX_ACK_MS.most), () => {
      send(txAck(eui, { token: asked, error, tmst }));
    });
  };
  socket.on('message', (bytes) => {
    const datagram = openDatagram(bytes);
    if (datagram === null) counts.ignored += 1;
    else if (datagram.kind === 'pull_resp') transmit(datagram.frame, datagram.token);
    else counts.acknowledged += 1;
  });
  // Nobody listens yet: the next PULL_DATA tries again.
  socket.on('error', () => undefined);
  const pull = (): void => {
    counts.pulled += 1;
    send(pullData(eui, nextToken()));
    cancelPull = clock.after(PULL_MS, pull);
  };
  pull();
  return {
    counts,
    close: () =>
      new Promise((resolve) => {
        if (isClosed) {
          resolve();
          return;
        }
        isClosed = true;
        cancelPull();
        concentrator.close();
        socket.close(() => {
          resolve();
        });
      }),
  };
}
