import { cpus } from 'node:os';
import { auditInProcess } from './audit.ts';
import { closeLines, measureClose } from './close.ts';
import { fleetLines } from './deny.ts';
import { logFigures } from './log.ts';
import { packetLines } from './packets.ts';
import { measureProgram, programLines } from './program.ts';
import { routeLines } from './route.ts';
import { rulesLines } from './rules.ts';
import { measureSettle, settleLines } from './settle.ts';
import { measureStreams, streamLines } from './streams.ts';
import { measureWire, wireLines } from './wire.ts';

/** Each figure stands beside a limit that was measured in the same run: machines differ, ratios less so. */
const FIGURES: Readonly<Record<string, () => Promise<readonly string[]> | readonly string[]>> = {
  log: () => logFigures(),
  rules: () => rulesLines(),
  settle: () => settleLines(measureSettle()),
  close: () => closeLines(measureClose(100_000)),
  audit: () => auditInProcess(),
  program: () => programLines(measureProgram()),
  wire: async () => wireLines(await measureWire()),
  streams: async () => streamLines(await measureStreams()),
  route: () => routeLines(),
  packets: () => packetLines(),
  deny: () => fleetLines(),
};

/** Half an hour each: measured only where they are asked for. */
const SLOW: ReadonlySet<string> = new Set(['deny']);

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in FIGURES));
if (unknown.length > 0) {
  console.error(`no figure ${unknown.join(', ')}; there are ${Object.keys(FIGURES).join(', ')}`);
  process.exit(2);
}
const [processor] = cpus();
console.log(
  `${processor?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}`,
);
for (const [name, measure] of Object.entries(FIGURES)) {
  if (asked.length > 0 ? !asked.includes(name) : SLOW.has(name)) continue;
  for (const line of await measure()) console.log(line);
}
process.exit(0);
