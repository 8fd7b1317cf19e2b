import { PublicKey, type TransactionInstruction } from '@solana/web3.js';
import * as client from '#client';
import type { HotspotKey } from '#protocol/units';
import { keyNetwork, keyText } from '#protocol/wire/key';
import { openChain } from '#services/runtime/chain';
import { askChain, type NetworkPlace } from '../chain/ask-chain.ts';
import { readSigner } from '../chain/read-signer.ts';
import { CliError } from '../cli-error.ts';
import { readJson } from '../input/read-json.ts';
import { assertedLocation, type LocationOptions } from './asserted-location.ts';
import { parseRegistration } from './registration.ts';

interface Owned extends NetworkPlace, LocationOptions {
  /** Of the owner, who signs and pays. */
  readonly keyFile: string;
}

/** Registers the hotspot whose `helium_gateway add` printed the file; "-" is standard input. */
export async function registerHotspot(of: Owned & { readonly file: string }): Promise<string> {
  const payer = await readSigner(of.keyFile);
  const file = of.file === '-' ? '/dev/stdin' : of.file;
  const network = new PublicKey(of.network);
  const output = await readJson(file);
  const { key, signature } = parseRegistration(output, { file, owner: payer.publicKey, network });
  const location = assertedLocation(of);
  const registration = { payer: payer.publicKey, owner: payer.publicKey, network, key, signature, location };
  return await change(of, { key, instructions: client.registerHotspot(registration), payer });
}

/** Asserts where the owner's hotspot stands, from the next epoch on. */
export async function assertLocation(of: Owned & { readonly hotspot: HotspotKey }): Promise<string> {
  const location = assertedLocation(of);
  if (location === null)
    throw new CliError('incomplete_arguments', { missing: '--cell, or --lat and --lon' });
  const payer = await readSigner(of.keyFile);
  const [key, network] = [of.hotspot, new PublicKey(of.network)];
  const instruction = client.assertLocation({ owner: payer.publicKey, network, key, location });
  return await change(of, { key, instructions: [instruction], payer });
}

async function change(
  of: NetworkPlace,
  sent: {
    readonly key: HotspotKey;
    readonly instructions: readonly TransactionInstruction[];
    readonly payer: client.SendInput['payer'];
  },
): Promise<string> {
  const connection = openChain({ rpcUrl: of.rpc, commitment: 'confirmed' });
  const { key, payer } = sent;
  return await askChain(of, async () => {
    const network = await client.readNetwork(connection, new PublicKey(of.network));
    if (keyNetwork(key) !== network.keyNetwork)
      throw new CliError('wrong_key_network', { found: keyNetwork(key), expected: network.keyNetwork });
    const { signature } = await client.sendInstructions(connection, {
      instructions: sent.instructions,
      payer,
    });
    const hotspot = await client.readHotspot(connection, { network, key });
    const location = hotspot?.location;
    const cell = location?.next.cell ?? 0n;
    const where =
      cell === 0n
        ? 'stands nowhere yet: assert its location'
        : `stands in cell ${cell.toString(16)} from epoch ${location?.nextFrom ?? 0n} on`;
    return `${keyText(key)} of ${payer.publicKey.toBase58()} ${where} (transaction ${signature})`;
  });
}
