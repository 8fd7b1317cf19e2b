import type { Connection } from '@solana/web3.js';
import { readAllCredits, readNetwork, type FinalizedEpoch, type Network } from '#client';
import { ProtocolError } from '#protocol/errors';
import { addressHex } from '#protocol/settle/credits/address-hex';
import { creditsTree, type CreditsLeaf } from '#protocol/settle/credits/credits-tree';
import { FILES } from '#protocol/settle/folder';
import { openCredits } from '#protocol/settle/folder/credits-files';
import type { RawCredits } from '#protocol/settle/registry';
import type { Address } from '#protocol/units';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import { Outage } from '#services/runtime/outage';
import { epochPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { CannotCheck, damagedCopy, Disagreement } from '#services/audit/report/failures';
import type { Finding } from '#services/audit/report/report';

const check = 'credits';

/** No account has more settled than the latest final leaf of its owner, which has the root on chain. */
export async function checkCredits(input: {
  readonly connection: Connection;
  readonly network: Network;
  readonly source: PublicFiles;
}): Promise<readonly Finding[]> {
  const { connection, network, source } = input;
  const { latest } = network;
  if (latest === null || latest.creditsCount === 0) return [];
  const leaves = await readLatestCredits(source, { network, latest });
  const accounts = await readAllCredits(connection, network.address);
  // A node that is behind the one that listed the accounts does not know what they were settled by.
  const now = await readNetwork(connection, network.address, { minContextSlot: accounts.slot });
  if (now.latest?.tupleHash !== latest.tupleHash) {
    const says = 'another epoch became final while accounts were read; run the audit again';
    return [{ kind: 'not_checked', check, says }];
  }
  return [settledFinding(accounts.value, leaves)];
}

/** Throws where an account says more than its owner's leaf. */
export function settledFinding(
  accounts: readonly Pick<RawCredits, 'owner' | 'settled'>[],
  leaves: readonly CreditsLeaf[],
): Finding {
  const known = new Map(leaves.map(({ owner, settled }) => [owner, settled]));
  for (const { owner, settled } of accounts) {
    const most = known.get(addressHex(owner)) ?? 0n;
    if (settled > most)
      throw new Disagreement({
        check,
        where: `credits of ${owner}: settled`,
        found: settled.toString(),
        expected: `at most ${most.toString()}`,
      });
  }
  const [onChain, total] = [sumOf(accounts), sumOf(leaves)];
  return {
    kind: 'agrees',
    check,
    says: `${onChain.toString()} credits settled on chain of ${total.toString()} used`,
  };
}

async function readLatestCredits(
  source: PublicFiles,
  { network, latest }: { readonly network: Network; readonly latest: FinalizedEpoch },
): Promise<readonly CreditsLeaf[]> {
  const path = epochPath(latest.epoch, FILES.credits);
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  const leaves = opened(bytes, path);
  const address = network.address.toBase58() as Address;
  const { root } = creditsTree({ network: address, leaves, hashes: nativeHashes });
  if (root !== latest.creditsRoot || leaves.length !== latest.creditsCount)
    throw new CannotCheck(
      'damaged_copy',
      `${path}: the root of ${leaves.length} leaves is ${root}, the chain has ${latest.creditsRoot} of ${latest.creditsCount}`,
    );
  return leaves;
}

function opened(bytes: Uint8Array, path: string): readonly CreditsLeaf[] {
  try {
    return openCredits(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) throw damagedCopy(path, error);
    throw error;
  }
}

function sumOf(of: readonly { readonly settled: bigint }[]): bigint {
  return of.reduce((sum, { settled }) => sum + settled, 0n);
}
