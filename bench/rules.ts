import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { floodLine, judgingLines, measureFlood, measureJudging } from './rules/judging.ts';
import { rulesWorld } from './rules/world.ts';

const HOTSPOTS = 100_000;
const ROUNDS = 4;
const FLOOD = 60_000;
const MILLION = fileURLToPath(new URL('rules/million.ts', import.meta.url));

/** How fast the rules judge, divide and settle, beside the least that any implementation has to do. */
export function rulesLines(): readonly string[] {
  const world = rulesWorld(HOTSPOTS);
  const figures = [
    { pocs: 4000, witnesses: 10 },
    { pocs: 3000, witnesses: 14 },
    { pocs: 1000, witnesses: 50 },
  ].map((size) => measureJudging(world, { ...size, rounds: ROUNDS }));
  return [
    ...judgingLines(figures),
    floodLine(measureFlood(world, FLOOD)),
    ...(['cities', 'globe'] as const).map(densityLine),
    settleLine(),
  ];
}

function densityLine(where: 'cities' | 'globe'): string {
  const { milliseconds = 0, limit = 1, megabytes = 0 } = million('density', where);
  return (
    `rules: density of a million hotspots ${where === 'cities' ? 'in 36 cities' : 'all over the globe'} ` +
    `in ${seconds(milliseconds)} and ${Math.round(megabytes)} MB; ` +
    `${(milliseconds / limit).toFixed(1)} times sorting and walking to parents alone (${seconds(limit)})`
  );
}

function settleLine(): string {
  const { rewards = 0, tree = 0, limit = 1, megabytes = 0 } = million('settle');
  return (
    `rules: rewards of a million hotspots in ${seconds(rewards)}, their tree in ${seconds(tree)}, ` +
    `${Math.round(megabytes)} MB; together ${((rewards + tree) / limit).toFixed(1)} times hashing leaves and nodes alone (${seconds(limit)})`
  );
}

/** In a process of its own: its memory is part of the figure. */
function million(...what: readonly string[]): Readonly<Record<string, number>> {
  const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', MILLION, ...what], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`bench/rules/million.ts ${what.join(' ')} ended with ${String(status)}`);
  return JSON.parse(stdout) as Readonly<Record<string, number>>;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
