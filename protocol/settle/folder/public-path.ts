import type { EpochNumber } from '../../units.ts';

/** Where an oracle lists its epochs. */
export const INDEX_PATH = 'epochs/index.json';

/** Where an oracle keeps a file of an epoch. */
export function epochPath(epoch: EpochNumber, file: string): string {
  return `epochs/${epoch.toString()}/${file}`;
}

/** Where an oracle keeps its mirror of a log, below the same base as its epochs; no step of it is empty or dots. */
export function mirrorPath(origin: string): string {
  const step = (part: string): string => encodeURIComponent(part).replaceAll('.', '%2E') || '%';
  return `evidence/${origin.split('/').map(step).join('/')}`;
}

/** The same below a base of public files, which may end in slashes. */
export function mirrorPlace(base: string, origin: string): string {
  return `${base.replace(/\/+$/, '')}/${mirrorPath(origin)}`;
}
