/** Regions whose channel plan is known here. */
export type Region = 'EU868' | 'US915';

/** A channel plan: all channels of a region share bandwidth, power and spreading (poc.md 6). */
export interface ChannelPlan {
  readonly region: Region;
  /** Number in the wire's region enum. */
  readonly number: number;
  /** Channel frequencies in Hz, in the order in which payload bytes choose them. */
  readonly frequencies: readonly number[];
  /** Hz. */
  readonly bandwidth: number;
  /** Tenths of a dBm. */
  readonly maxEirp: number;
  /** In stored order: the first that carries the packet is taken. */
  readonly spreading: readonly { readonly factor: number; readonly maxPacketSize: number }[];
}

/** The plans by region name. */
export const CHANNEL_PLANS: Readonly<Record<Region, ChannelPlan>> = {
  EU868: {
    region: 'EU868',
    number: 1,
    frequencies: channels(867_100_000),
    bandwidth: 125_000,
    maxEirp: 161,
    spreading: [
      { factor: 12, maxPacketSize: 65 },
      { factor: 9, maxPacketSize: 129 },
      { factor: 8, maxPacketSize: 238 },
    ],
  },
  US915: {
    region: 'US915',
    number: 0,
    frequencies: channels(903_900_000),
    bandwidth: 125_000,
    maxEirp: 360,
    spreading: [
      { factor: 10, maxPacketSize: 25 },
      { factor: 9, maxPacketSize: 67 },
      { factor: 8, maxPacketSize: 139 },
      { factor: 7, maxPacketSize: 256 },
    ],
  },
};

/** Eight channels, 200 kHz apart. */
function channels(first: number): readonly number[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((step) => first + step * 200_000);
}
