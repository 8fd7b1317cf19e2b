import { CHEATS, cheatOf, type CheatName } from '#services/simulate/cheats/cheats';
import { HONEST, type Cheat } from '#services/simulate/cheats/cheat';
import type { Registrable } from '#services/simulate/demo/register';
import { identityOf, type Identity } from '#services/simulate/hotspot/identity';
import { cellAt } from '../fleet.ts';
import { metresBetween, placeAt, type Coordinates } from '#services/simulate/medium/place';
import { between, seededRandom, type Random } from '#services/simulate/medium/random';
import type { Antenna } from '#services/simulate/medium/radio';

/** Metres around the centre, and between any two that do not crowd each other. */
const RADIUS_M = 6_000;
const APART_M = 700;
/** dBi x10 of antennas that are sold for hotspots. */
const GAINS = [12, 26, 30, 40, 58] as const;
/** Metres. */
const ELEVATION = { least: 15, most: 40 };
const BESIDE_M = 150;

/** A simulated hotspot with its place, its key and what it makes of the rules. */
export interface Member extends Antenna {
  readonly name: string;
  readonly identity: Identity;
  /** What its owner asserts. */
  readonly asserted: Coordinates;
  /** null: honest. */
  readonly cheat: CheatName | null;
  readonly behaviour: Cheat;
}

/** Hotspots around a place, all of it following from the seed: first the honest ones, then those who cheat. */
export function makeCrowd(of: {
  readonly honest: number;
  readonly cheats: Readonly<Partial<Record<CheatName, number>>>;
  readonly centre: Coordinates;
  readonly seed: string;
}): readonly Member[] {
  const { centre, seed } = of;
  const random = seededRandom('crowd', seed);
  const secret = Buffer.from(seed);
  const members: Member[] = [];
  const add = (name: string, place: Coordinates, cheat: CheatName | null, number: number): void => {
    const curve = number % 2 === 0 ? 'ed25519' : 'p256';
    const identity = identityOf({ secret, label: name, curve });
    const forged = identityOf({ secret, label: `forged ${name}`, curve }).sign;
    const behaviour = cheat === null ? HONEST : cheatOf(cheat, { forged });
    const gain = GAINS[Math.floor(random() * GAINS.length)] ?? GAINS[0];
    const elevation = Math.round(between(random, ELEVATION.least, ELEVATION.most));
    const asserted = behaviour.asserts?.(place, number) ?? place;
    const cable = behaviour.attenuation === undefined ? {} : { attenuation: behaviour.attenuation };
    members.push({ name, place, gain, elevation, ...cable, identity, asserted, cheat, behaviour });
  };
  for (let number = 0; number < of.honest; number += 1)
    add(`honest-${number}`, freePlace({ centre, members, random }), null, number);
  for (const cheat of cheatNames(of.cheats)) {
    const { stands, asserts } = cheatOf(cheat, { forged: () => new Uint8Array(0) });
    const numbers = [...new Array<undefined>(of.cheats[cheat] ?? 0).keys()];
    const asserted = (place: Coordinates): readonly Coordinates[] =>
      numbers.map((number) => asserts?.(place, number) ?? place);
    const room = freePlace({ centre, members, random, asserted });
    for (const number of numbers) {
      const peer = members[number]?.place ?? room;
      const alone = stands === undefined && number > 0 ? freePlace({ centre, members, random }) : room;
      const place = stands === 'beside' ? placeAt(peer, BESIDE_M, 90) : alone;
      add(`${cheat}-${number}`, place, cheat, number);
    }
  }
  return members;
}

/** A member as `registerFleet` takes it. */
export function registrable(member: Member, endorsed: boolean): Registrable {
  const { identity, asserted, gain, elevation } = member;
  return { ...identity, cell: cellAt(asserted), gain, elevation, endorsed };
}

function cheatNames(of: Readonly<Partial<Record<CheatName, number>>>): readonly CheatName[] {
  return (Object.keys(CHEATS) as CheatName[]).filter((name) => (of[name] ?? 0) > 0);
}

/** A place that is not near to any other, nor are those that are asserted instead; wider out where there is no room. */
function freePlace(of: {
  readonly centre: Coordinates;
  readonly members: readonly Member[];
  readonly random: Random;
  readonly asserted?: (place: Coordinates) => readonly Coordinates[];
}): Coordinates {
  const { centre, members, random, asserted = (place: Coordinates) => [place] } = of;
  const isFree = (place: Coordinates): boolean =>
    members.every((other) => metresBetween(other.asserted, place) >= APART_M);
  for (let tries = 0; ; tries += 1) {
    const radius = RADIUS_M * (1 + tries / 50);
    const place = placeAt(centre, radius * Math.sqrt(random()), 360 * random());
    if ([place, ...asserted(place)].every(isFree)) return place;
  }
}
