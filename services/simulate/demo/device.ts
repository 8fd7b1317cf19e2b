import type { Coordinates } from '#services/simulate/medium/place';
import { derive } from '#services/simulate/hotspot/identity';
import type { DeviceKeys } from '#services/simulate/lorawan/device';

/** Among the hotspots of Berlin. */
export const DEVICE_PLACE: Coordinates = { latitude: 52.5186, longitude: 13.3904 };

/** Of an experimental range, as the simulated network server gives them out. */
export const DEVICE_JOIN_EUI = '70b3d57ed0000000';
const DEVICE_EUI = '70b3d57ed0c0ffee';

/** The simulation's one device; its network server derives the same. */
export function deviceKeys(secret: Uint8Array): DeviceKeys {
  return {
    devEui: Buffer.from(DEVICE_EUI, 'hex'),
    joinEui: Buffer.from(DEVICE_JOIN_EUI, 'hex'),
    appKey: Buffer.from(derive(secret, 'device/app-key').subarray(0, 16)),
  };
}
