/** The wire's region enum (poc.md 7): numbers by name; 99 stands for no known region. */
export const REGION_NUMBERS = {
  US915: 0,
  EU868: 1,
  EU433: 2,
  CN470: 3,
  CN779: 4,
  AU915: 5,
  AS923_1: 6,
  KR920: 7,
  IN865: 8,
  AS923_2: 9,
  AS923_3: 10,
  AS923_4: 11,
  AS923_1B: 12,
  CD900_1A: 13,
  RU864: 14,
  UNKNOWN: 99,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(REGION_NUMBERS).map(([name, number]) => [number, name]),
);

/** Name of a region, or null for a number that is not in the enum. */
export function regionName(number: number): string | null {
  return NAMES.get(number) ?? null;
}
