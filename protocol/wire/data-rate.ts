/** The wire's data_rate enum in its order (poc.md 7): the index is the number on the wire. */
export const DATA_RATES: readonly string[] = [125, 250, 500].flatMap((bandwidth) =>
  [12, 11, 10, 9, 8, 7].map((spreading) => `SF${spreading}BW${bandwidth}`),
);

/** Number of a data rate on the wire, or -1 for a name that is not in the enum. */
export function dataRateNumber(name: string): number {
  return DATA_RATES.indexOf(name);
}

/** Name of a data rate, or null for a number that is not in the enum. */
export function dataRateName(number: number): string | null {
  return DATA_RATES[number] ?? null;
}
