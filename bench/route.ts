import type { HotspotKey } from '#protocol/units';
import { toHex } from '#protocol/wire/hex';
import { openMatcher } from '#services/route/match/matcher';
import { verifySignature } from '#services/runtime/signature';
import { signingKeyOf } from '#services/runtime/signing-seed';

const ENTRIES = 1_000_000;
const PACKETS = 400_000;
const VERIFICATIONS = 5000;

/** How fast packets find their routes among a million entries, beside the signature that each packet needs anyhow. */
export function routeLines(): readonly string[] {
  const before = process.memoryUsage().rss;
  const matcher = openMatcher();
  const begun = performance.now();
  // Half of them ranges of 1 to 256 addresses that may overlap, half pairs of EUIs.
  for (let number = 0; number < ENTRIES / 2; number += 1) {
    const first = spread(number) & ~0xff;
    const devAddrs = [[first >>> 0, (first | (spread(number + 1) & 0xff)) >>> 0]] as const;
    matcher.add(number, { devAddrs, euis: [[euiOf(number % 1000), euiOf(number)]] });
  }
  const built = performance.now() - begun;
  const megabytes = (process.memoryUsage().rss - before) / 1e6;

  const times = new Float64Array(PACKETS);
  let matched = 0;
  const start = performance.now();
  for (let packet = 0; packet < PACKETS; packet += 1) {
    const at = performance.now();
    const found =
      packet % 8 === 0
        ? matcher.byJoin(euiOf((packet % 500_000) % 1000), euiOf(packet % 500_000))
        : matcher.byDevAddr(spread(packet % 500_000));
    matched += found.length > 0 ? 1 : 0;
    times[packet] = performance.now() - at;
  }
  const seconds = (performance.now() - start) / 1000;
  times.sort();
  const p99 = (times[Math.floor(PACKETS * 0.99)] ?? 0) * 1000;

  const changed = performance.now();
  for (let number = 0; number < 1000; number += 1) {
    const devAddrs = [[number << 8, (number << 8) + 9]] as const;
    matcher.add(ENTRIES + number, { devAddrs, euis: [] });
    matcher.remove(ENTRIES + number, { devAddrs, euis: [] });
  }
  const change = (performance.now() - changed) / 2;

  const rate = PACKETS / seconds;
  const limit = verificationsPerSecond();
  return [
    `route: ${thousands(rate)} packets a second routed among ${thousands(matcher.size)} entries (${Math.round((100 * matched) / PACKETS)} % matched), ` +
      `p99 ${p99.toFixed(1)} us; ${(rate / limit).toFixed(1)} times the ed25519 signatures that one core verifies (${thousands(limit)} a second)`,
    `route: a million entries built in ${(built / 1000).toFixed(1)} s and ${Math.round(megabytes)} MB; one added or removed in ${change.toFixed(1)} us`,
  ];
}

function verificationsPerSecond(): number {
  const { publicKey, sign } = signingKeyOf(new Uint8Array(32).fill(1));
  const message = new Uint8Array(120).fill(7);
  const signed = { key: `01${toHex(publicKey)}` as HotspotKey, message, signature: sign(message) };
  const begun = performance.now();
  for (let number = 0; number < VERIFICATIONS; number += 1)
    if (!verifySignature(signed)) throw new Error('a good signature was refused');
  return VERIFICATIONS / ((performance.now() - begun) / 1000);
}

/** Numbers all over the address space, the same in every run. */
function spread(number: number): number {
  return Math.imul(number + 1, 0x9e3779b1) >>> 0;
}

function euiOf(number: number): string {
  return number.toString(16).padStart(16, '0');
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
