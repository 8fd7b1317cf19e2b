import { PublicKey, type Connection } from '@solana/web3.js';
import { payeeAddress, readHotspots, readPayees, type Network } from '#client';
import { hotspotLeafKey, payeeLeafKey, payeeOfLeaf, type LeafKey } from '#protocol/settle/leaf';
import { amount, type Address } from '#protocol/units';
import type { Subject } from './due-claims.ts';

/** Reads who may claim; a payee's leaf without an account answers with the account that has to be created. */
export async function readSubjects(
  connection: Connection,
  network: Network,
): Promise<(key: LeafKey) => Subject | null> {
  const [hotspots, payees] = await Promise.all([
    readHotspots(connection, network),
    readPayees(connection, network.address),
  ]);
  const subjects = new Map<LeafKey, Subject>();
  for (const { key, address, destination, claimed } of hotspots.value)
    subjects.set(hotspotLeafKey(key), { account: address, destination, claimed, missing: false });
  for (const { account, address, claimed } of payees)
    subjects.set(payeeLeafKey(address.toBase58() as Address), {
      account,
      destination: address,
      claimed,
      missing: false,
    });
  return (key) => subjects.get(key) ?? missingPayee(network.address, key);
}

function missingPayee(network: PublicKey, key: LeafKey): Subject | null {
  const payee = payeeOfLeaf(key);
  if (payee === null) return null;
  const destination = new PublicKey(payee);
  return { account: payeeAddress(network, destination), destination, claimed: amount(0n), missing: true };
}
