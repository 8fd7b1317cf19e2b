import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { dataRateNumber } from '#protocol/wire/data-rate';
import type { PacketDown } from '#services/route/hotspot-link';
import type { Window } from './downlink.ts';

/** packet_router_packet_down_v1 { 1 payload, 2 rx1, 3 rx2 }: ascending tags, defaults omitted. */
export function encodePacketDown({ payload, rx1, rx2 }: PacketDown): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(payload);
  writeWindow(writer.tag(2, WireType.LengthDelimited).fork(), rx1).join();
  if (rx2 !== null) writeWindow(writer.tag(3, WireType.LengthDelimited).fork(), rx2).join();
  return writer.finish();
}

/** window_v1 { 1 timestamp, 2 frequency, 3 datarate, 4 immediate }. */
function writeWindow(writer: BinaryWriter, { tmst, frequency, dataRate, immediate }: Window): BinaryWriter {
  const rate = dataRateNumber(dataRate);
  if (!immediate && tmst !== 0) writer.tag(1, WireType.Varint).uint64(tmst);
  writer.tag(2, WireType.Varint).uint32(frequency);
  if (rate !== 0) writer.tag(3, WireType.Varint).int32(rate);
  if (immediate) writer.tag(4, WireType.Varint).bool(true);
  return writer;
}
