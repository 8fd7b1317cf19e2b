import { describe, expect, it } from 'vitest';
import { openLorawanDevice, type DeviceKeys } from '#services/simulate/lorawan/device';
import { openNetworkServer, type NetworkServer } from '#services/simulate/lorawan/network-server';

const KEYS: DeviceKeys = {
  devEui: Buffer.from('70b3d57ed0000001', 'hex'),
  joinEui: Buffer.from('70b3d57ed0000000', 'hex'),
  appKey: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
};

function serverOf(keys: DeviceKeys): NetworkServer {
  return openNetworkServer({
    devices: [keys],
    netId: Buffer.from('000024', 'hex'),
    firstDevAddr: '48000010',
    answer: (payload) => Buffer.from(`heard ${payload.toString()}`),
  });
}

describe('A simulated LoRaWAN device and its network server', () => {
  it('agree on keys by a join over the air, and read each other', () => {
    const [device, server] = [openLorawanDevice(KEYS), serverOf(KEYS)];

    const joined = server.hear(device.joinRequest());
    device.join(joined.answer);
    const first = server.hear(device.uplink(Buffer.from('21.5 C'), 2));
    const second = server.hear(device.uplink(Buffer.from('21.6 C'), 2));

    expect(joined).toMatchObject({ kind: 'join', devAddr: '48000010' });
    expect(first).toMatchObject({ kind: 'data', devAddr: '48000010', payload: Buffer.from('21.5 C') });
    expect(device.downlink(first.answer)?.toString()).toBe('heard 21.5 C');
    expect(device.downlink(second.answer)?.toString()).toBe('heard 21.6 C');
  });

  it('refuse copies and what others sent', () => {
    const [device, server] = [openLorawanDevice(KEYS), serverOf(KEYS)];
    const stranger = openLorawanDevice({ ...KEYS, appKey: Buffer.alloc(16, 7) });
    const request = device.joinRequest();
    const { answer } = server.hear(request);
    device.join(answer);
    const uplink = device.uplink(Buffer.from('once'), 1);
    server.hear(uplink);
    stranger.joinRequest();

    expect(() => server.hear(request)).toThrow('used before');
    expect(() => server.hear(uplink)).toThrow('heard before');
    expect(() => server.hear(stranger.joinRequest())).toThrow('bad MIC');
    expect(() => {
      stranger.join(answer);
    }).toThrow('not for this device');
    expect(device.downlink(uplink)).toBeNull();
  });
});
