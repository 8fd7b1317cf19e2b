import { writeFileSync } from 'node:fs';
import { cellToLatLng, latLngToCell } from 'h3-js';
import { cellCentre, cellsApart, distanceMetres, parseCell } from '#protocol/geo/cell';
import { regionOf } from '#protocol/geo/regions';
import type { Cell } from '#protocol/units';
import { readVectors, reportsOfRun } from './replay/vectors.ts';

/**
 * Writes test/vectors/replay.json: what a replay of gateway-rs.json must add. The hotspots stood side by side on one desk,
 * so each run is put on a triangle of about 500 m: wide enough for the least distance, near enough for the signal.
 */
const RUNS = [
  { run: 'main3', place: 'Berlin', latitude: 52.5163, longitude: 13.3777, gain: 0 },
  { run: 'us915', place: 'San Francisco', latitude: 37.7694, longitude: -122.4862, gain: 23 },
  { run: 'mixed3', place: 'Paris', latitude: 48.8462, longitude: 2.3372, gain: 0 },
  { run: 'v120', place: 'London', latitude: 51.5073, longitude: -0.1657, gain: 0 },
];
const SIDE_M = 500;
const METRES_PER_DEGREE = 111_195;
const HOUR_MS = 3_600_000;

function triangle(latitude: number, longitude: number): Cell[] {
  const scale = Math.cos((latitude * Math.PI) / 180);
  const corners = [
    [0, 0],
    [SIDE_M, 0],
    [SIDE_M / 2, (SIDE_M * Math.sqrt(3)) / 2],
  ] as const;
  return corners.map(([east, north]) => {
    const at = latLngToCell(
      latitude + north / METRES_PER_DEGREE,
      longitude + east / METRES_PER_DEGREE / scale,
      12,
    );
    return parseCell(BigInt(`0x${at}`));
  });
}

const vectors = readVectors();
const runs = RUNS.map(({ run, place, latitude, longitude, gain }) => {
  const reports = reportsOfRun(vectors, run);
  const times = reports.map(({ receivedAt }) => receivedAt);
  const start = Math.floor(Math.min(...times) / 60_000) * 60 - 60;
  const end = Math.floor(Math.max(...times) / 60_000) * 60 + 60;
  const cells = triangle(latitude, longitude);
  const keys = [...new Set(reports.map(({ key }) => key))].sort();
  cells.forEach((cell, at) => {
    const next = cells[(at + 1) % cells.length] ?? cell;
    const metres = Math.round(distanceMetres(cellCentre(cell), cellCentre(next)));
    console.log(
      `${run} ${regionOf(cell) ?? '-'} ${cellToLatLng(cell.toString(16))
        .map((degrees) => degrees.toFixed(5))
        .join(', ')}: ${metres} m, ${cellsApart(cell, next) ?? '-'} cells to the next`,
    );
  });
  return {
    run,
    place,
    start,
    end,
    // Each was a valid witness, and was heard, an hour before the start.
    last_valid_ms: start * 1000 - HOUR_MS,
    hotspots: keys.map((key, at) => ({ key, cell: String(cells[at] ?? ''), gain, tier: 'endorsed' })),
  };
});

const note =
  'What a replay of gateway-rs.json adds, made by scripts/make-replay-fixture.ts: one registry per run with places about 500 m apart, the epoch, and when each hotspot was last a valid witness and last heard. Gains are dBi x10, start and end seconds, keys texts, cells decimal.';
writeFileSync(
  new URL('../test/vectors/replay.json', import.meta.url),
  `${JSON.stringify({ note, registered_s: 1_790_000_000, beacon_interval_s: 10, emission: '618340943683', runs }, null, 1)}\n`,
);
