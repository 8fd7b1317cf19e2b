import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '#protocol/wire/hex';
import { attachDevice } from '#services/simulate/medium/device';
import type { Heard } from '#services/simulate/medium/medium';
import { openUp, packetDown, PATHS } from '../../support/simulate/fake-network.ts';
import { openHotspotWorld, until, type HotspotWorld } from '../../support/simulate/hotspot-world.ts';

let world: HotspotWorld;
beforeEach(async () => {
  world = await openHotspotWorld();
});
afterEach(() => world.close());

describe('a device in the medium', () => {
  it.each(['1.3.0', '1.2.0'] as const)(
    'is heard by a hotspot of v%s, and hears the downlink in its second window alone',
    async (version) => {
      const { identity, hotspot } = world.open(version, 0, 3_600);
      const downlinks: (Heard & { readonly window: 1 | 2 })[] = [];
      const rx2 = { frequency: 869_525_000, datarate: 'SF12BW125' };
      const device = attachDevice(world.medium, {
        place: { latitude: 52.521, longitude: 13.401 },
        rx2,
        // Long ones: a busy machine must answer in time.
        rx1DelayMs: 20_000,
        onDownlink: (downlink) => downlinks.push(downlink),
      });
      await until(() => {
        expect(hotspot.counts().regionAnswers).toBe(1);
      });
      const payload = fromHex('400403020100020001aabbccdd11223344');
      device.transmit({ payload, frequency: 868_100_000, datarate: 'SF7BW125', txPower: 14 });
      const packets = () =>
        world
          .on(PATHS.route)
          .map((each) => openUp(each))
          .filter(({ kind }) => kind === 'packet');
      await until(() => {
        expect(packets()).toHaveLength(1);
      });
      const { bytes = new Uint8Array(0) } = packets()[0] ?? {};
      const tmst = packetTmst(bytes);
      expect(toHex(bytes)).toContain(toHex(payload));
      expect(toHex(bytes)).toContain(identity.key);
      const down = (payload: string, rx1: number, second: number): Uint8Array =>
        packetDown({
          payload: fromHex(payload),
          rx1: { timestamp: BigInt(tmst + rx1), frequency: 868_100_000, datarate: 5 },
          rx2: { timestamp: BigInt(tmst + second), frequency: rx2.frequency, datarate: 0 },
        });
      // Its first window has passed by the counter: the second one is taken.
      world.network.write(PATHS.route, down('60040302010000010203040506', -1_000, 21_000_000));
      await until(() => {
        expect(downlinks).toHaveLength(1);
      });
      expect(downlinks[0]).toMatchObject({ window: 2, frame: { inverted: true, ...rx2 } });
      // No window is open now.
      world.network.write(PATHS.route, down('60040302010001010203040506', 3_500_000, 4_500_000));
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(downlinks).toHaveLength(1);
    },
  );
});

/** Field 2 of a packet_up, behind its payload. */
function packetTmst(bytes: Uint8Array): number {
  let at = 2 + (bytes[1] ?? 0) + 1;
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
}
