import type { Coordinates } from '#services/simulate/medium/place';

/** How a hotspot of the simulation behaves; all but `honest` cheat, each in one way. */
export type Role =
  | 'honest'
  /** Asserts a place far from where its antenna is. */
  | 'liar'
  /** Signs the payload of another's beacon as a beacon of its own. */
  | 'thief'
  /** Has its reports signed by a key that is not its own. */
  | 'forger'
  /** Stands nearer to a peer than the rules allow. */
  | 'crowder'
  /** No radio at all: a key that tells of a key of the same owner what a radio there would hear. */
  | 'sybil';

export interface Site {
  readonly name: string;
  readonly role: Role;
  readonly curve: 'ed25519' | 'p256';
  /** Whether a maker vouches for its key; the others are software keys. */
  readonly endorsed: boolean;
  /** dBi x10 */
  readonly gain: number;
  readonly elevation: number;
  /** Where the antenna is. */
  readonly place: Coordinates;
  /** What the owner asserts; the place of the antenna but for the liar. */
  readonly asserted: Coordinates;
}

type Plan = Omit<Site, 'asserted'>;
const at = (latitude: number, longitude: number): Coordinates => ({ latitude, longitude });

/** Berlin: EU868. The last two of the honest ones are a pair of open software keys. */
const BERLIN: readonly Plan[] = [
  honest('Alexanderplatz', { curve: 'ed25519', gain: 12, elevation: 30, place: at(52.5219, 13.4132) }),
  honest('Brandenburger Tor', { curve: 'p256', gain: 30, elevation: 26, place: at(52.5163, 13.3777) }),
  honest('Hauptbahnhof', { curve: 'p256', gain: 58, elevation: 45, place: at(52.5251, 13.3694) }),
  honest('Potsdamer Platz', { curve: 'ed25519', gain: 40, elevation: 90, place: at(52.5096, 13.3759) }),
  software('Ostbahnhof', { curve: 'ed25519', gain: 12, elevation: 20, place: at(52.5103, 13.4347) }),
  software('Zoologischer Garten', { curve: 'p256', gain: 26, elevation: 22, place: at(52.5072, 13.3327) }),
];

/** San Francisco: US915. */
const SAN_FRANCISCO: readonly Plan[] = [
  honest('Ferry Building', { curve: 'ed25519', gain: 40, elevation: 75, place: at(37.7955, -122.3937) }),
  honest('Union Square', { curve: 'ed25519', gain: 12, elevation: 60, place: at(37.788, -122.4075) }),
  honest('City Hall', { curve: 'p256', gain: 58, elevation: 93, place: at(37.7793, -122.4193) }),
  honest('Coit Tower', { curve: 'p256', gain: 30, elevation: 150, place: at(37.8024, -122.4058) }),
  honest('Oracle Park', { curve: 'ed25519', gain: 12, elevation: 40, place: at(37.7786, -122.3893) }),
];

/** Nobody is near enough to hear it. */
const LONE = honest('Union Station, Denver', {
  curve: 'p256',
  gain: 30,
  elevation: 1600,
  place: at(39.7527, -105.0001),
});

const CHEATERS: readonly Site[] = [
  {
    ...truthful(software('Jannowitzbrücke', { curve: 'ed25519', place: at(52.5146, 13.4184) })),
    role: 'liar',
    asserted: at(53.553, 10.0069),
  },
  {
    ...truthful(software('Kottbusser Tor', { curve: 'ed25519', place: at(52.499, 13.418) })),
    role: 'thief',
  },
  { ...truthful(software('Gesundbrunnen', { curve: 'p256', place: at(52.5487, 13.3888) })), role: 'forger' },
  { ...truthful(software('Fernsehturm', { curve: 'p256', place: at(52.5208, 13.4094) })), role: 'crowder' },
];

/** Munich: two software keys of one owner, far from anybody else. Every rule of physics holds of what they report. */
const SYBILS: readonly Site[] = [
  software('Marienplatz', { curve: 'ed25519', place: at(48.1372, 11.5755) }),
  software('Olympiapark', { curve: 'p256', place: at(48.1754, 11.5517) }),
].map((plan) => ({ ...truthful(plan), role: 'sybil' }));

/** Twelve honest hotspots in two cities and a lone one, then the cheaters: four in Berlin, two software keys in Munich. */
export const SITES: readonly Site[] = [
  ...[...BERLIN, ...SAN_FRANCISCO, LONE].map(truthful),
  ...CHEATERS,
  ...SYBILS,
];

type Rest = Pick<Plan, 'curve' | 'place'> & Partial<Pick<Plan, 'gain' | 'elevation'>>;

function honest(name: string, rest: Rest): Plan {
  return { name, role: 'honest', endorsed: true, gain: 12, elevation: 20, ...rest };
}

function software(name: string, rest: Rest): Plan {
  return { ...honest(name, rest), endorsed: false };
}

function truthful(plan: Plan): Site {
  return { ...plan, asserted: plan.place };
}
