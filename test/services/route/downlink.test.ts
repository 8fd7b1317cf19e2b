import { fromBinary } from '@bufbuild/protobuf';
import { millis } from '#protocol/units';
import { counterAfter, counterDistance, type Downlink } from '#services/route/downlinks/downlink';
import { encodePacketDown } from '#services/route/downlinks/encode-packet-down';
import { openDownlinkSender } from '#services/route/downlinks/send-downlink';
import type { PacketDown } from '#services/route/hotspot-link';
import { packet_router_packet_down_v1Schema as schema } from '../../../services/runtime/grpc/generated/packet_router_pb.js';
import { describe, expect, it } from 'vitest';
import { hotspotKey } from '../../support/uplinks.ts';

const window = { tmst: 5_000_000, frequency: 868_100_000, dataRate: 'SF9BW125', immediate: false };
const downlink: Downlink = {
  hotspot: hotspotKey(1),
  payload: Uint8Array.from([0x60, 1, 2]),
  rx1: window,
  rx2: { ...window, tmst: 6_000_000, frequency: 869_525_000, dataRate: 'SF12BW125' },
};

function sender(answers = true) {
  const sent: PacketDown[] = [];
  const clock = { ms: 1000 };
  const link = {
    send: (_: string, down: PacketDown) => {
      sent.push(down);
      return answers;
    },
  };
  return { sent, clock, ...openDownlinkSender({ link, now: () => clock.ms }) };
}

describe('a packet down', () => {
  it('is what the generated code reads, with both windows', () => {
    const read = fromBinary(schema, encodePacketDown(downlink));
    expect(Buffer.from(read.payload)).toEqual(Buffer.from(downlink.payload));
    expect(read.rx1).toMatchObject({
      timestamp: 5_000_000n,
      frequency: 868_100_000,
      datarate: 3,
      immediate: false,
    });
    expect(read.rx2).toMatchObject({ timestamp: 6_000_000n, frequency: 869_525_000, datarate: 0 });
    const classC = { ...downlink, rx1: { ...window, immediate: true }, rx2: null };
    const immediate = fromBinary(schema, encodePacketDown(classC));
    expect(immediate.rx1).toMatchObject({ timestamp: 0n, immediate: true });
    expect(immediate.rx2).toBeUndefined();
  });
});

describe('a downlink', () => {
  it('is handed to its hotspot, or says that its stream is gone', () => {
    expect(sender().send(downlink)).toBe('sent');
    expect(sender(false).send(downlink)).toBe('hotspot_gone');
  });

  it('is too late when the counter of its hotspot has passed its last window, also where the counter wraps', () => {
    const { clock, ...of } = sender();
    const heard = (uplink: Parameters<typeof of.heard>[0]): void => {
      of.heard(uplink);
    };
    const send = (wanted: Downlink) => of.send(wanted);
    const hotspot = hotspotKey(1);
    heard({ hotspot, tmst: 4_000_000, receivedAt: millis(1000) });
    clock.ms += 1999;
    expect(send(downlink)).toBe('sent');
    clock.ms += 2;
    expect(send(downlink)).toBe('too_late');
    expect(send({ ...downlink, rx1: { ...window, immediate: true }, rx2: null })).toBe('sent');

    heard({ hotspot, tmst: 2 ** 32 - 500_000, receivedAt: millis(clock.ms) });
    const wrapped = {
      ...downlink,
      rx1: { ...window, tmst: counterAfter(2 ** 32 - 500_000, 1_000_000) },
      rx2: null,
    };
    expect(wrapped.rx1.tmst).toBe(500_000);
    clock.ms += 900;
    expect(send(wrapped)).toBe('sent');
    clock.ms += 200;
    expect(send(wrapped)).toBe('too_late');
    expect([counterDistance(2 ** 32 - 5, 5), counterDistance(5, 2 ** 32 - 5)]).toEqual([10, -10]);
  });

  it('that no hotspot could send is refused', () => {
    const { sent, ...of } = sender();
    const send = (wanted: Downlink) => of.send(wanted);
    expect(send({ ...downlink, payload: new Uint8Array(0) })).toBe('bad_payload');
    expect(send({ ...downlink, payload: new Uint8Array(256) })).toBe('bad_payload');
    for (const frequency of [0, -1, Number.NaN, 5e9, 868_100_000.5])
      expect(send({ ...downlink, rx1: { ...window, frequency } })).toBe('bad_frequency');
    for (const dataRate of ['SF6BW125', 'SF13BW125', 'FSK', ''])
      expect(send({ ...downlink, rx1: { ...window, dataRate } })).toBe('bad_data_rate');
    expect(sent).toEqual([]);
  });
});
