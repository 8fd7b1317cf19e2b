/** Keeps clear of a bucket's end: a report that waits for the log must not fall into the next one. */
const MARGIN_MS = 3_000;
const LEAD_MS = 500;

/** When a hotspot beacons in a bucket (milliseconds since 1970): one time for each, spread over the bucket. */
export function beaconTime(options: {
  readonly bucket: number;
  readonly intervalMs: number;
  readonly index: number;
  readonly count: number;
}): number {
  const { bucket, intervalMs, index, count } = options;
  const room = Math.max(0, intervalMs - LEAD_MS - MARGIN_MS);
  return bucket * intervalMs + LEAD_MS + Math.floor((room * index) / count);
}

/** The first bucket that begins after `now`: a hotspot that was restarted may have used the one that runs. */
export function nextBucket(now: number, intervalMs: number): number {
  return Math.floor(now / intervalMs) + 1;
}
