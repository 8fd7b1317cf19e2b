import type { Sign } from '#services/simulate/hotspot/identity';
import type { Cheat } from './cheat.ts';
import { attenuatedPair } from './places/attenuated-pair.ts';
import { crowder } from './places/crowder.ts';
import { locationSpoofer } from './places/location-spoofer.ts';
import { sybilRoom } from './places/sybil-room.ts';
import { keyForger } from './reports/key-forger.ts';
import { lateResponder } from './reports/late-responder.ts';
import { payloadThief } from './reports/payload-thief.ts';
import { replayer } from './reports/replayer.ts';
import { rssiLiar } from './reports/rssi-liar.ts';
import { silent } from './reports/silent.ts';
import { witnessForger } from './reports/witness-forger.ts';

/** Makes a cheat for one hotspot; `forged` signs with a key that is not its own. */
type Plugin = (of: { readonly forged: Sign }) => Cheat;

/** Every way to cheat by its name; `docs/simulate.md` says what meets each, held to the tests. */
export const CHEATS = {
  'location-spoofer': () => locationSpoofer(),
  crowder: () => crowder(),
  'sybil-room': () => sybilRoom(),
  'attenuated-pair': () => attenuatedPair(),
  'payload-thief': () => payloadThief(),
  'key-forger': ({ forged }) => keyForger(forged),
  replayer: () => replayer(),
  'witness-forger': () => witnessForger(),
  'late-responder': () => lateResponder(),
  'rssi-booster': () => rssiLiar('boosted'),
  'rssi-liar': () => rssiLiar('random'),
  silent: () => silent(),
} as const satisfies Readonly<Record<string, Plugin>>;

export type CheatName = keyof typeof CHEATS;

export function isCheatName(text: string): text is CheatName {
  return Object.hasOwn(CHEATS, text);
}

export function cheatOf(name: CheatName, of: { readonly forged: Sign }): Cheat {
  return CHEATS[name](of);
}
