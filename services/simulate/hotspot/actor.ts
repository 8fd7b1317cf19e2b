import { deriveBeacon, PAYLOAD_BYTES, type BeaconPlan, type Entropy } from '#protocol/crypto/payload';
import { HONEST, type Cheat, type HeardBeacon, type Means } from '#services/simulate/cheats/cheat';
import { openConcentrator } from '#services/simulate/medium/concentrator';
import type { Heard, Medium } from '#services/simulate/medium/medium';
import { between, randomBytesOf, type Random } from '#services/simulate/medium/random';
import type { Antenna } from '#services/simulate/medium/radio';
import type { KeyPair } from './identity.ts';
import type { Uplink } from './link/poc-link.ts';
import { beaconDraft, witnessDraft } from './reports.ts';
import type { Downlink, Packet } from './link/router-link.ts';

/** A LoRaWAN proprietary frame: one byte of header before the payload. */
export const PROPRIETARY = 0xe0;
/** Payloads that a hotspot remembers, its own among them, so as not to witness them twice. */
const REMEMBERED = 15;
/** A forwarder answers within, ms. */
const TX_ACK_MS = { least: 5, most: 50 };

/** What a hotspot beacons by. */
export interface BeaconParams {
  /** Number in the wire's region enum. */
  readonly region: number;
  readonly plan: BeaconPlan;
  /** dBi x10, as the network knows it. */
  readonly gain: number;
}

export interface ActorOptions {
  readonly medium: Medium;
  readonly antenna: Antenna;
  readonly identity: KeyPair;
  readonly random: Random;
  readonly intervalS: number;
  readonly uplink: Pick<Uplink, 'submit'>;
  readonly entropy: () => Promise<Entropy>;
  /** null until the network said so: then it neither beacons nor tells of what it hears. */
  readonly params: () => BeaconParams | null;
  readonly cheat?: Cheat;
  /** Takes devices' frames. */
  readonly onPacket?: (packet: Packet) => void;
  /** Friends that cheat together learn at once what one of them hears. */
  readonly tellFriends?: (heard: HeardBeacon) => void;
}

/** A hotspot between its radio and its network: what it makes of entropies, frames and downlinks, honestly or not. */
export interface Actor {
  /** Rejects, and skips this beacon, where there is no entropy. */
  readonly beacon: () => Promise<void>;
  readonly overhear: (heard: HeardBeacon) => void;
  readonly downlink: (downlink: Downlink) => void;
  readonly close: () => void;
}

export function openActor(options: ActorOptions): Actor {
  const { medium, identity, random, uplink, cheat = HONEST } = options;
  const { clock } = medium;
  const { attenuation = options.antenna.attenuation ?? 0 } = cheat;
  const seen: string[] = [];
  const hasSeen = (data: Uint8Array): boolean => {
    const text = Buffer.from(data).toString('hex');
    if (seen.includes(text)) return true;
    seen.push(text);
    if (seen.length > REMEMBERED) seen.shift();
    return false;
  };
  const concentrator = openConcentrator({
    medium,
    antenna: { ...options.antenna, attenuation },
    heard: (heard) => {
      hear(heard);
    },
  });
  const stamp = () => ({
    timestamp: BigInt(Math.floor(clock.now())) * 1_000_000n + BigInt(Math.floor(random() * 1_000_000)),
    tmst: concentrator.tmst(),
  });
  const means: Means = {
    key: identity.key,
    random,
    intervalMs: 1000 * options.intervalS,
    now: clock.now,
    entropy: options.entropy,
    submit: (draft, { after = 0, sign } = {}) => {
      if (after <= 0) uplink.submit(draft, sign);
      else
        clock.after(after, () => {
          uplink.submit(draft, sign);
        });
    },
    transmit: (frame, after = 0) => {
      if (after <= 0) concentrator.send(frame);
      else clock.after(after, () => concentrator.send(frame));
    },
    beacon: (of) => beaconDraft({ ...of, ...stamp(), key: identity.key }),
    witness: ({ told, reception }) => witnessDraft({ told, reception, ...stamp(), key: identity.key }),
  };

  const hear = (heard: Heard & { readonly tmst: number }): void => {
    const { frame, tmst } = heard;
    const { datarate, payload } = frame;
    // As the client reads a forwarder's MHz.
    const frequency = Math.trunc((frame.frequency / 1e6) * 1e6);
    const reception = { rssi: heard.rssi, snr: heard.snr };
    const params = options.params();
    if (params === null) return;
    if (payload[0] !== PROPRIETARY || payload.length !== PAYLOAD_BYTES + 1) {
      const { region } = params;
      options.onPacket?.({ ...reception, payload, tmst, frequency, datarate, region });
      return;
    }
    const told = { data: payload.subarray(1), frequency, datarate };
    const beacon: HeardBeacon = { told, reception, frame };
    options.tellFriends?.(beacon);
    if (cheat.hear !== undefined) cheat.hear(beacon, means);
    else if (!hasSeen(told.data)) means.submit(means.witness(beacon));
  };
  return {
    beacon: async () => {
      if (cheat.beacons === false) return;
      const remote = await options.entropy();
      const params = options.params();
      if (params === null) return;
      const local = randomBytesOf(random, 4);
      const derived = deriveBeacon({
        remote,
        local: { data: local, timestamp: 0, version: 0 },
        region: params.plan,
        gain: params.gain,
      });
      hasSeen(derived.data);
      const { datarate, txPower } = derived;
      const told = { data: derived.data, frequency: Number(derived.frequency), datarate, txPower };
      const { data, ...setting } = told;
      const frame = { ...setting, payload: Uint8Array.of(PROPRIETARY, ...data), inverted: false };
      const draft = means.beacon({ told, local, remote: remote.data });
      if (cheat.beacon !== undefined) cheat.beacon({ frame, draft }, means);
      // What was not sent is not told of.
      else if (concentrator.send(frame).error === 'NONE')
        means.submit(draft, { after: between(random, TX_ACK_MS.least, TX_ACK_MS.most) });
    },
    overhear: (heard) => {
      cheat.overhear?.(heard, means);
    },
    downlink: ({ payload, rx1, rx2 }) => {
      const params = options.params();
      if (params === null) return;
      const txPower = Math.trunc((params.plan.maxEirp - params.gain) / 10);
      for (const window of [rx1, rx2]) {
        if (window === null) continue;
        const { frequency, datarate, tmst } = window;
        const frame = { payload, frequency, datarate, txPower, inverted: true };
        // The second window is for what came too late, or too early, for the first.
        if (concentrator.send(frame, tmst ?? undefined).error === 'NONE') return;
      }
    },
    close: concentrator.close,
  };
}
