import { epochNumber, type EpochNumber, type Millis } from '#protocol/units';

/** When epochs begin and how long they are, in seconds, as the Network account has it. */
export interface EpochSchedule {
  readonly firstEpochStart: number;
  readonly epochLength: number;
}

/** The epoch with start < received <= end (evidence.md, "The cut of an epoch"); null before the first. */
export function epochAt(received: Millis, schedule: EpochSchedule): EpochNumber | null {
  const since = received - schedule.firstEpochStart * 1000;
  const number = Math.ceil(since / (schedule.epochLength * 1000)) - 1;
  return number < 0 ? null : epochNumber(BigInt(number));
}

/** Its end, seconds. */
export function epochEnd(epoch: EpochNumber, schedule: EpochSchedule): number {
  return schedule.firstEpochStart + (Number(epoch) + 1) * schedule.epochLength;
}
