import { testHotspot } from '../../protocol/epoch/world.ts';
import { fromFields } from '../../support/lora-packet.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '#protocol/wire/hex';
import { packetCommitment } from '#protocol/route/disclosure';
import {
  dataFrame,
  joinRequest,
  openRouteWorld,
  registerRoute,
  routeOf,
  testOwner,
  type RouteWorld,
} from '../../support/route-world.ts';
import { eventually } from '../../support/uplinks.ts';

const owner = testOwner('owner of meters');
const other = testOwner('another owner');
const DEVICE = 0x26001234;
let world: RouteWorld;

beforeEach(async () => {
  world = await openRouteWorld();
  world.balances.set(owner.address, 100n);
});
afterEach(() => world.close());

const register = (of: Partial<Parameters<typeof routeOf>[2]> = {}, by = owner) =>
  registerRoute(routeOf(by, world.gwmp, { network: world.world.network, ...of }), world.register);
const hotspot = (place: number) => {
  const found = world.hotspots[place];
  if (found === undefined) throw new Error('no such hotspot');
  return found;
};
const ofKind = async (kind: string) =>
  (await world.records()).filter(({ record }) => record.body.kind === kind);
const silence = () => new Promise((resolve) => setTimeout(resolve, 200));

describe('a packet', () => {
  it('is bought and forwarded: its record names the session and the route, its disclosure is kept', async () => {
    const receipt = await register();
    const send = await world.session(hotspot(0));
    const frame = dataFrame(DEVICE, 1, 30);
    send({ frame });
    const [pushed] = await eventually(() => world.pushed.length > 0 && world.pushed);
    expect(pushed?.data).toBe(Buffer.from(frame).toString('base64'));

    const [packet] = await ofKind('packet');
    const body = packet?.record.body;
    if (body?.kind !== 'packet') throw new Error('no packet');
    expect(body).toMatchObject({ size: 30, credits: 2, route: receipt.index, hotspot: hotspot(0).key });
    const [session] = await ofKind('session_init');
    expect(body.session).toBe(session?.index);
    const kept = [];
    for await (const each of world.disclosures.read(0n as never)) kept.push(each);
    expect(kept).toHaveLength(1);
    const { disclosure, credits } = kept[0] ?? { disclosure: new Uint8Array(), credits: 0 };
    expect(credits).toBe(2);
    const [salt, bytes] = [disclosure.subarray(0, 32), disclosure.subarray(34)];
    expect(toHex(packetCommitment({ salt, packet: bytes }))).toBe(toHex(body.commitment));
    expect(world.router.credits.available(owner.address)).toBe(98n);
  });

  it('of several hotspots is bought from those that heard it best, up to max_copies', async () => {
    await register();
    const frame = dataFrame(DEVICE);
    const snrs = [-3, 9, 2, 9];
    const sends = await Promise.all(snrs.map((_, place) => world.session(hotspot(place))));
    for (const [place, snr] of snrs.entries()) {
      sends[place]?.({ frame, snr, rssi: -100 + place });
      sends[place]?.({ frame, snr: snr - 1 });
    }
    await eventually(() => world.pushed.length === 2);
    await silence();
    expect(world.pushed.map(({ rssi }) => rssi)).toEqual([-97, -99]);
    expect(await ofKind('packet')).toHaveLength(2);
    // The same frame once more in the epoch would not count.
    (await world.session(hotspot(0)))({ frame });
    await silence();
    expect(world.pushed).toHaveLength(2);
  });

  it('finds its route as another library of LoRaWAN writes it', async () => {
    await register();
    const send = await world.session(hotspot(0));
    const data = fromFields(
      {
        MType: 'Confirmed Data Up',
        DevAddr: Buffer.from('26001234', 'hex'),
        FCnt: 7,
        FPort: 3,
        payload: 'twenty bytes of data',
      },
      Buffer.alloc(16, 1),
      Buffer.alloc(16, 2),
    );
    const join = fromFields(
      {
        MType: 'Join Request',
        AppEUI: Buffer.from('70b3d57ed0000001', 'hex'),
        DevEUI: Buffer.from('0011223344556677', 'hex'),
        DevNonce: Buffer.from('0102', 'hex'),
      },
      undefined,
      undefined,
      Buffer.alloc(16, 3),
    );
    for (const packet of [data, join]) send({ frame: Uint8Array.from(packet.getPHYPayload() ?? []) });
    await eventually(() => world.pushed.length === 2);
  });

  it('goes nowhere where nobody has a route for it, or it is no uplink, or its hotspot is not registered', async () => {
    await register();
    const send = await world.session(hotspot(0));
    send({ frame: dataFrame(0x27000000) });
    send({ frame: Uint8Array.from([0x60, ...dataFrame(DEVICE).subarray(1)]) });
    send({ frame: new Uint8Array(52).fill(0xe0) });
    send({ frame: new Uint8Array(0) });
    (await world.session(testHotspot('stranger', 9)))({ frame: dataFrame(DEVICE, 2) });
    await silence();
    expect(world.pushed).toEqual([]);
    expect(await ofKind('packet')).toEqual([]);
  });

  it('is not bought beyond the credits of its owner, nor above the price of the route', async () => {
    world.balances.set(owner.address, 3n);
    await register({ maxPacketCredits: 2 });
    const send = await world.session(hotspot(0));
    send({ frame: dataFrame(DEVICE, 1, 49) });
    send({ frame: dataFrame(DEVICE, 2, 48) });
    send({ frame: dataFrame(DEVICE, 3, 25) });
    send({ frame: dataFrame(DEVICE, 4, 24) });
    await eventually(() => world.pushed.length === 2);
    await silence();
    expect(world.pushed).toHaveLength(2);
    expect(world.router.credits.available(owner.address)).toBe(0n);
    expect(world.router.refusedPackets(owner.address)).toBe(1);

    // Settled by now: what was used here is part of the settled total.
    world.settle(0n, new Map([[owner.address, 3n]]));
    expect(world.router.credits.available(owner.address)).toBe(0n);
    world.balances.set(owner.address, 10n);
    expect(world.router.credits.available(owner.address)).toBe(7n);
  });

  it('that asks to join is free, for whoever has a credit left', async () => {
    await register();
    await register({ route: 'poor' }, other);
    const send = await world.session(hotspot(0));
    send({ frame: joinRequest('70b3d57ed0000001', '0000000000000007') });
    await eventually(() => world.pushed.length === 1);
    await silence();
    expect(world.pushed).toHaveLength(1);
    const [packet] = await ofKind('packet');
    expect(packet?.record.body).toMatchObject({ credits: 0, size: 23 });
    expect(world.router.credits.available(owner.address)).toBe(100n);
  });

  it('is forwarded only when its record is on disk', async () => {
    await register();
    const send = await world.session(hotspot(0));
    world.full = true;
    send({ frame: dataFrame(DEVICE, 1) });
    await silence();
    expect(world.pushed).toEqual([]);
    expect(world.router.credits.available(owner.address)).toBe(100n);
    world.full = false;
    send({ frame: dataFrame(DEVICE, 2) });
    await eventually(() => world.pushed.length === 1);
  });
});

describe('a route', () => {
  it('is replaced by a higher sequence alone, and revoked by one without addresses', async () => {
    await register({ sequence: 5 });
    await expect(register({ sequence: 4 })).rejects.toMatchObject({ code: 'old_sequence' });
    await expect(register({ sequence: 5, maxCopies: 9 })).rejects.toMatchObject({ code: 'old_sequence' });
    // The same once more: whoever got no answer gets a receipt.
    const again = await register({
      sequence: 5,
      until: world.router.table.ofOwner(owner.address)[0]?.until ?? 0,
    });
    expect(again.index).toBeGreaterThan(0);
    await register({ sequence: 6, devAddrs: [[0x27000000, 0x27000001]] });
    const send = await world.session(hotspot(0));
    send({ frame: dataFrame(DEVICE, 1) });
    send({ frame: dataFrame(0x27000001, 1) });
    await eventually(() => world.pushed.length === 1);
    await register({ sequence: 7, devAddrs: [] });
    send({ frame: dataFrame(0x27000001, 2) });
    await silence();
    expect(world.pushed).toHaveLength(1);
    expect(world.router.table.matcher.size).toBe(0);
  });

  it('is refused where it is not signed by its owner, for another network, void, or with another private part', async () => {
    const { network } = world.world;
    const good = routeOf(owner, world.gwmp, { network });
    const bad = { ...good, signature: routeOf(other, world.gwmp, { network }).signature };
    await expect(registerRoute(bad, world.register)).rejects.toMatchObject({ code: 'invalid_signature' });
    await expect(register({ network: owner.address })).rejects.toMatchObject({ code: 'wrong_network' });
    await expect(register({ until: 1000 })).rejects.toMatchObject({ code: 'route_over' });
    const salted = { ...good, private: { ...world.gwmp, salt: 'cd'.repeat(32) } };
    await expect(registerRoute(salted, world.register)).rejects.toMatchObject({ code: 'private_mismatch' });
    await expect(registerRoute({ ...good, private: {} }, world.register)).rejects.toMatchObject({
      code: 'malformed_private',
    });
    const forward = { kind: 'mqtt' as const, url: 'mqtt://127.0.0.1:9' };
    const ofBroker = routeOf(owner, { ...world.gwmp, forward }, { network: world.world.network });
    const full = { ...world.register, maxBrokers: 0 };
    await expect(registerRoute(ofBroker, full)).rejects.toMatchObject({ code: 'router_full' });
    expect(world.router.table.ofOwner(owner.address)).toEqual([]);
  });

  it('is still there after a restart, is logged again before it is used, and so are the credits that were used', async () => {
    await register();
    (await world.session(hotspot(0)))({ frame: dataFrame(DEVICE, 1, 40) });
    await eventually(() => world.pushed.length === 1);
    await world.restart();
    expect(world.router.credits.available(owner.address)).toBe(98n);
    (await world.session(hotspot(0)))({ frame: dataFrame(DEVICE, 2) });
    await eventually(() => world.pushed.length === 2);
    const routes = await ofKind('route');
    expect(routes).toHaveLength(2);
    const packets = await ofKind('packet');
    expect(packets[1]?.record.body).toMatchObject({ route: routes[1]?.index });
  });
});

describe('when an epoch begins', () => {
  it('new sessions are offered, routes are logged anew, and a packet of an old session is forwarded unbilled', async () => {
    await world.close();
    // A minute's epoch that ends in two seconds.
    world = await openRouteWorld({ firstEpochStart: Math.floor(Date.now() / 1000) - 58 });
    world.balances.set(owner.address, 100n);
    await register();
    const send = await world.session(hotspot(0));
    send({ frame: dataFrame(DEVICE, 1) });
    await eventually(() => world.pushed.length === 1);
    await eventually(() => world.reoffers() === 1);

    send({ frame: dataFrame(DEVICE, 2) });
    await eventually(() => world.pushed.length === 2);
    expect(await ofKind('packet')).toHaveLength(1);
    (await world.session(hotspot(0)))({ frame: dataFrame(DEVICE, 3) });
    await eventually(() => world.pushed.length === 3);
    expect(await ofKind('packet')).toHaveLength(2);
    expect(await ofKind('route')).toHaveLength(2);
    expect(world.router.credits.available(owner.address)).toBe(98n);
  });
});
