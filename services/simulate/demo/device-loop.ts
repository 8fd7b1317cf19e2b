import { attachDevice } from '#services/simulate/medium/device';
import type { Medium } from '#services/simulate/medium/medium';
import type { Coordinates } from '#services/simulate/medium/place';
import type { LorawanDevice } from '#services/simulate/lorawan/device';

/** What has come of a device's sending, for people to see. */
export interface DeviceCounts {
  uplinks: number;
  joins: number;
  downlinks: number;
}

/** EU868 of the LoRaWAN regional parameters: the three channels that every device has, and the second window. */
const CHANNELS = [868_100_000, 868_300_000, 868_500_000] as const;
const RX2 = { frequency: 869_525_000, datarate: 'SF12BW125' };
const DATARATE = 'SF7BW125';
const TX_POWER = 14;
const JOIN_RX1_MS = 5_000;
const PORT = 1;

/** Lets a device join, send a reading every so often and listen for what is answered. */
export function openDeviceLoop(options: {
  readonly medium: Medium;
  readonly device: LorawanDevice;
  readonly place: Coordinates;
  readonly everyMs: number;
  readonly counts: DeviceCounts;
}): { readonly close: () => void } {
  const { medium, device, counts, everyMs } = options;
  const { clock } = medium;
  const radio = attachDevice(medium, {
    place: options.place,
    rx2: RX2,
    onDownlink: ({ frame }) => {
      if (device.joined) counts.downlinks += device.downlink(frame.payload) === null ? 0 : 1;
      else join(frame.payload);
    },
  });
  const join = (payload: Uint8Array): void => {
    try {
      device.join(payload);
      counts.joins += 1;
    } catch {
      // The answer to another device, or to an earlier request.
    }
  };
  let cancel = (): void => undefined;
  const turn = (): void => {
    const setting = {
      frequency: CHANNELS[counts.uplinks % CHANNELS.length] ?? CHANNELS[0],
      datarate: DATARATE,
      txPower: TX_POWER,
    };
    const reading = `${(20 + (counts.uplinks % 50) / 10).toFixed(1)} C`;
    if (device.joined) radio.transmit({ ...setting, payload: device.uplink(Buffer.from(reading), PORT) });
    else radio.transmit({ ...setting, payload: device.joinRequest(), rx1DelayMs: JOIN_RX1_MS });
    counts.uplinks += 1;
    // A joining device must have listened in both windows before it asks again.
    cancel = clock.after(device.joined ? everyMs : Math.max(everyMs, JOIN_RX1_MS + 3_000), turn);
  };
  turn();
  return {
    close: () => {
      cancel();
      radio.close();
    },
  };
}
