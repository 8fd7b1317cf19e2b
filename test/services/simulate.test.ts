import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { describe, expect, it } from 'vitest';
import { endorsedEntry, registerHotspot, registerMessage } from '#client';
import { deriveBeacon } from '#protocol/crypto/payload';
import { pointY } from '#protocol/crypto/p256-point';
import { leafHash } from '#protocol/evidence/merkle';
import { verifyInclusion } from '#protocol/evidence/proof';
import { cellCentre, cellsApart } from '#protocol/geo/cell';
import { fromHex } from '#protocol/wire/hex';
import { keyBody, keyType } from '#protocol/wire/key';
import { openReport } from '#protocol/wire/report';
import { endorsedList } from '#services/runtime/endorsed-list';
import { openFleet, type Hotspot } from '#services/simulate/fleet';
import { freeSpaceLoss, metresBetween } from '#services/simulate/medium/place';
import { airtimeMs, receive } from '#services/simulate/medium/radio';
import { beaconDraft, signedReport, witnessDraft } from '#services/simulate/hotspot/reports';
import { beaconTime } from '#services/simulate/demo/schedule';
import { Keypair } from '@solana/web3.js';

const fleet = openFleet(new Uint8Array(32).fill(7));
const now = 1_790_000_000_000;
const remote = { data: new Uint8Array(32).fill(1), timestamp: 1_790_000_000, version: 0 };

function named(name: string): Hotspot {
  const found = fleet.find((hotspot) => hotspot.name === name);
  if (found === undefined) throw new Error(`no hotspot ${name}`);
  return found;
}

const stamp = { timestamp: BigInt(now) * 1_000_000n, tmst: 1 };

function beaconOf(hotspot: Hotspot) {
  const local = Uint8Array.of(1, 2, 3, 4);
  const entropies = { remote, local: { data: local, timestamp: 0, version: 0 } };
  const derived = deriveBeacon({ ...entropies, region: hotspot.region, gain: hotspot.gain });
  const frame = { ...derived, frequency: Number(derived.frequency) };
  const draft = beaconDraft({ ...stamp, key: hotspot.key, told: frame, local, remote: remote.data });
  return { frame, report: signedReport(draft, hotspot.sign) };
}

function verifies(hotspot: Hotspot, message: Uint8Array, signature: Uint8Array): boolean {
  const body = keyBody(hotspot.key);
  if (keyType(hotspot.key) === 'ed25519') return ed25519.verify(signature, message, body, { zip215: false });
  const point = p256.Point.fromAffine({
    x: BigInt(`0x${hotspot.key.slice(2)}`),
    y: pointY(body) ?? 0n,
  });
  return p256.verify(signature, message, point.toBytes(), { format: 'der', lowS: false });
}

const centre = (hotspot: Hotspot): { latitude: number; longitude: number } => {
  const { latitude, longitude } = cellCentre(hotspot.cell);
  return { latitude: latitude / 1e9, longitude: longitude / 1e9 };
};

describe('the fleet', () => {
  it('is the same for the same secret, and another for another', () => {
    const keys = (secret: number): readonly string[] =>
      openFleet(new Uint8Array(32).fill(secret)).map(({ key }) => key);
    expect(keys(7)).toEqual(fleet.map(({ key }) => key));
    expect(keys(8).some((key) => keys(7).includes(key))).toBe(false);
  });

  it('has twelve honest hotspots, both curves and both regions among them, one cheater of each kind, and two software keys', () => {
    const honest = fleet.filter(({ role }) => role === 'honest');
    expect(honest).toHaveLength(12);
    expect(new Set(honest.map(({ key }) => keyType(key)))).toEqual(new Set(['ed25519', 'ecc_compact']));
    expect(new Set(honest.map(({ region }) => region))).toEqual(new Set(['EU868', 'US915']));
    const cheaters = fleet.filter(({ role }) => role !== 'honest').map(({ role }) => role);
    expect(cheaters.sort()).toEqual(['crowder', 'forger', 'liar', 'sybil', 'sybil', 'thief']);
  });

  it('signs so that its keys verify, P-256 ones in their compact form', () => {
    const message = new TextEncoder().encode('message');
    for (const hotspot of fleet) expect(verifies(hotspot, message, hotspot.sign(message))).toBe(true);
  });

  it('signs registrations that the client accepts', () => {
    const network = Keypair.generate().publicKey;
    for (const hotspot of fleet) {
      const owner = hotspot.owner.publicKey;
      const message = registerMessage({ owner, gateway: hotspot.key, network });
      const signature = hotspot.sign(message);
      const instructions = registerHotspot({
        payer: owner,
        owner,
        network,
        key: hotspot.key,
        signature,
        location: null,
      });
      expect(instructions).toHaveLength(2);
    }
  });

  it('has honest pairs in hearing that stand 8 cells of resolution 11 apart or more, and at most 100 km', () => {
    const { frame } = beaconOf(named('Alexanderplatz'));
    const honest = fleet.filter(({ role }) => role === 'honest');
    for (const from of honest)
      for (const to of honest) {
        if (from === to || receive({ frame, from, to, seed: '1' }) === null) continue;
        expect(cellsApart(from.cell, to.cell)).toBeGreaterThanOrEqual(8);
        expect(metresBetween(centre(from), centre(to))).toBeLessThan(100_000);
      }
  });

  it('has a crowder nearer than that, a liar farther than that, and a lone one that nobody hears', () => {
    expect(cellsApart(named('Fernsehturm').cell, named('Alexanderplatz').cell)).toBeLessThan(8);
    expect(metresBetween(named('Jannowitzbrücke').place, centre(named('Jannowitzbrücke')))).toBeGreaterThan(
      200_000,
    );
    const lone = named('Union Station, Denver');
    const { frame } = beaconOf(lone);
    const others = fleet.filter((hotspot) => hotspot !== lone);
    for (const to of others) expect(receive({ frame, from: lone, to, seed: '1' })).toBeNull();
  });

  it('proves each endorsed key against the root of its list', () => {
    const endorsed = fleet.filter((hotspot) => hotspot.endorsed).map(({ key }) => key);
    const list = endorsedList(endorsed);
    for (const key of endorsed) {
      const proof = list.proofOf(key);
      expect(proof).not.toBeNull();
      if (proof === null) continue;
      const claim = {
        index: proof.index,
        size: list.count,
        leaf: leafHash(endorsedEntry(key)),
        proof: proof.proof,
        root: fromHex(list.root),
      };
      expect(() => verifyInclusion(claim)).not.toThrow();
    }
    expect(list.proofOf(named('Ostbahnhof').key)).toBeNull();
  });
});

describe('reports', () => {
  it('carry the payload that the entropies derive, signed by the gateway key', () => {
    for (const hotspot of fleet) {
      const { report } = beaconOf(hotspot);
      const opened = openReport('beacon', report.bytes);
      const local = { data: opened.localEntropy, timestamp: 0, version: 0 };
      const derived = deriveBeacon({ remote, local, region: hotspot.region, gain: hotspot.gain });
      expect(opened.data).toEqual(derived.data);
      expect(opened.frequency).toBe(derived.frequency);
      expect(opened.txPower).toBe(derived.txPower);
      expect(opened.key).toBe(hotspot.key);
      expect(verifies(hotspot, opened.signedBytes, opened.signature)).toBe(true);
    }
  });

  it('of honest witnesses are never above the free-space bound of the rules', () => {
    const honest = fleet.filter(({ role }) => role === 'honest');
    let heard = 0;
    for (let round = 0; round < 40; round += 1)
      for (const from of honest) {
        const { frame, report } = beaconOf(from);
        const power = openReport('beacon', report.bytes).txPower;
        for (const to of honest) {
          const reception = to === from ? null : receive({ frame, from, to, seed: String(round) });
          if (reception === null) continue;
          heard += 1;
          const draft = witnessDraft({ ...stamp, key: to.key, told: frame, reception });
          const witness = signedReport(draft, to.sign);
          const { signal } = openReport('witness', witness.bytes);
          const metres = Math.round(metresBetween(centre(from), centre(to)));
          const gains = Math.trunc(from.gain / 10) + Math.trunc(to.gain / 10);
          expect(signal / 10).toBeLessThanOrEqual(power + gains - freeSpaceLoss(metres, frame.frequency));
        }
      }
    // Six hotspots of Berlin and five of San Francisco hear each other.
    expect(heard).toBe(40 * (6 * 5 + 5 * 4));
  });
});

describe('the air', () => {
  it('gives the same reception for the same seed, frame and places', () => {
    const [from, to] = [named('Ferry Building'), named('City Hall')];
    const { frame } = beaconOf(from);
    const first = receive({ frame, from, to, seed: '1' });
    expect(receive({ frame, from, to, seed: '1' })).toEqual(first);
    expect(receive({ frame, from, to, seed: '2' })).not.toEqual(first);
  });

  it('takes as long as fielded hotspots take for a beacon: about 2.5 s at SF12, 0.3 s at SF9', () => {
    expect(airtimeMs('SF12BW125', 52)).toBe(2466);
    expect(airtimeMs('SF9BW125', 52)).toBe(329);
  });
});

describe('the schedule', () => {
  it('gives each hotspot one time in a bucket, clear of its end', () => {
    const times = fleet.map((_, index) =>
      beaconTime({ bucket: 5, intervalMs: 10_000, index, count: fleet.length }),
    );
    expect(new Set(times).size).toBe(fleet.length);
    for (const time of times) {
      expect(time).toBeGreaterThanOrEqual(50_500);
      expect(time).toBeLessThan(57_000);
    }
  });
});
