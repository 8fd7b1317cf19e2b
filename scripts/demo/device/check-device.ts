import type { Credits } from '#client';
import { FILES, openFile, type FolderFiles } from '#protocol/settle/folder';
import { openShares } from '#protocol/settle/folder/shares-file';
import type { Heard } from '#services/simulate/lorawan/network-server';
import type { Check } from '../report/checks.ts';

/** What the demo must have seen of its device: packets there and back, and credits that fell by what was attested. */
export function checkDevice(of: {
  readonly heard: readonly Heard[];
  /** Downlinks that the device received on air. */
  readonly downlinks: number;
  readonly folders: readonly FolderFiles[];
  readonly credits: Credits | null;
}): readonly Check[] {
  const data = of.heard.filter(({ kind }) => kind === 'data').length;
  const attested = of.folders.reduce((sum, files) => sum + creditsOf(files), 0n);
  const settled = of.credits?.settled ?? 0n;
  const bought = of.credits?.balance.next ?? 0n;
  return [
    {
      what: "the device's packets reached its server, and answers the device",
      holds: data > 0 && of.downlinks > 0,
      detail: `${data} data frames, ${of.downlinks} answers heard on air`,
    },
    {
      what: "the owner's credits fell by what was attested",
      holds: attested > 0n && settled === attested && bought > settled,
      detail: `bought ${bought}, attested ${attested}, settled ${settled}, left ${bought - settled}`,
    },
  ];
}

/** Credits that hotspots carried in an epoch. */
function creditsOf(files: FolderFiles): bigint {
  const { hotspots } = openFile(files, FILES.shares, openShares);
  return [...hotspots.values()].reduce((sum, { shares }) => sum + shares.credits, 0n);
}
