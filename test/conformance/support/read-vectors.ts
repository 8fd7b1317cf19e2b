import { readFileSync } from 'node:fs';

/** The JSON of a file in test/vectors. */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), 'utf8'));
}
