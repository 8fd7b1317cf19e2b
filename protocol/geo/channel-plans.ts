/** Regions with a channel plan, as the wire enum spells them; CN779 (4) has no plan in this network. */
export type Region =
  | 'US915'
  | 'EU868'
  | 'EU433'
  | 'CN470'
  | 'AU915'
  | 'AS923_1'
  | 'KR920'
  | 'IN865'
  | 'AS923_2'
  | 'AS923_3'
  | 'AS923_4'
  | 'AS923_1B'
  | 'CD900_1A'
  | 'RU864';

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

// Two lists of packet sizes served the old network. A beacon takes SF12 of the first and SF9 of the others, which are the
// American one and the same with two slower entries that carry none.
const EUROPEAN: ChannelPlan['spreading'] = [
  { factor: 12, maxPacketSize: 65 },
  { factor: 9, maxPacketSize: 129 },
  { factor: 8, maxPacketSize: 238 },
];
const AMERICAN: ChannelPlan['spreading'] = [
  { factor: 10, maxPacketSize: 25 },
  { factor: 9, maxPacketSize: 67 },
  { factor: 8, maxPacketSize: 139 },
  { factor: 7, maxPacketSize: 256 },
];
const OTHERS: ChannelPlan['spreading'] = [
  { factor: 12, maxPacketSize: 25 },
  { factor: 11, maxPacketSize: 25 },
  ...AMERICAN,
];

/**
 * The plans by region name. Bands, channel grids and default channels are those of the LoRaWAN Regional Parameters
 * (RP002-1.0.4, by section); which of them carry beacons and in which order, the power and the packet sizes are those of
 * the old network's region parameters (helium/lorawan-h3, region_params/*.json), corrected for EU433 alone.
 */
export const CHANNEL_PLANS: Readonly<Record<Region, ChannelPlan>> = {
  // RP002 2.5, uplink channels 8 to 15; 36 dBm EIRP as for a gateway. Exact in poc.md 6.
  US915: plan('US915', { number: 0, frequencies: channels(903_900_000), maxEirp: 360, spreading: AMERICAN }),
  // RP002 2.4: the three default channels are the last ones. Exact in poc.md 6.
  EU868: plan('EU868', { number: 1, frequencies: channels(867_100_000), maxEirp: 161, spreading: EUROPEAN }),
  // RP002 2.7, the default channels: the old network's file has them ten times too low (43.3175 MHz ...).
  EU433: plan('EU433', { number: 2, frequencies: channels(433_175_000, 3), maxEirp: 121, spreading: OTHERS }),
  // RP002 2.9, channels 80 to 87 of the grid of 96.
  CN470: plan('CN470', { number: 3, frequencies: channels(486_300_000), maxEirp: 191, spreading: OTHERS }),
  // RP002 2.8, uplink channels 8 to 15 (the second sub-band).
  AU915: plan('AU915', { number: 5, frequencies: channels(916_800_000), maxEirp: 300, spreading: OTHERS }),
  // RP002 2.10: the first two channels are the default ones, groups 2 to 4 shift them by -1.8, -6.6 and -5.9 MHz.
  AS923_1: plan('AS923_1', {
    number: 6,
    frequencies: channels(923_200_000),
    maxEirp: 160,
    spreading: OTHERS,
  }),
  // RP002 2.11: the first three are the default channels; 14 dBm is the limit from 922.1 MHz on.
  KR920: plan('KR920', { number: 7, frequencies: channels(922_100_000, 7), maxEirp: 140, spreading: OTHERS }),
  // RP002 2.12, the default channels, which are not evenly spaced.
  IN865: plan('IN865', {
    number: 8,
    frequencies: [865_062_500, 865_402_500, 865_985_000],
    maxEirp: 300,
    spreading: OTHERS,
  }),
  AS923_2: plan('AS923_2', {
    number: 9,
    frequencies: channels(921_400_000),
    maxEirp: 160,
    spreading: OTHERS,
  }),
  AS923_3: plan('AS923_3', {
    number: 10,
    frequencies: channels(916_600_000),
    maxEirp: 160,
    spreading: OTHERS,
  }),
  AS923_4: plan('AS923_4', {
    number: 11,
    frequencies: channels(917_300_000),
    maxEirp: 160,
    spreading: OTHERS,
  }),
  // Not in RP002, where it would be group 1: the old network's channels for Malaysia, with the two default ones last.
  AS923_1B: plan('AS923_1B', {
    number: 12,
    frequencies: channels(922_000_000),
    maxEirp: 160,
    spreading: OTHERS,
  }),
  // Not in RP002: the old network's trial region, with the channels of EU868, over a patch of open sea. No place has it.
  CD900_1A: plan('CD900_1A', {
    number: 13,
    frequencies: channels(867_100_000),
    maxEirp: 161,
    spreading: EUROPEAN,
  }),
  // RP002 2.13: the last two are the default channels.
  RU864: plan('RU864', {
    number: 14,
    frequencies: [...channels(864_100_000, 5), 868_900_000, 869_100_000],
    maxEirp: 160,
    spreading: OTHERS,
  }),
};

/** 125 kHz is the bandwidth of every plan here. */
function plan(region: Region, rest: Omit<ChannelPlan, 'region' | 'bandwidth'>): ChannelPlan {
  return { region, bandwidth: 125_000, ...rest };
}

/** Channels 200 kHz apart. */
function channels(first: number, count = 8): readonly number[] {
  return Array.from({ length: count }, (_, step) => first + step * 200_000);
}
