import { readFile } from 'node:fs/promises';
import { Keypair } from '@solana/web3.js';

/** Reads a key in the format of Solana's tools: a JSON array of 64 numbers. */
export async function readKeypair(file: string): Promise<Keypair> {
  const text = await readFile(file, 'utf8');
  return parseKeypair(text, file);
}

/** The key that the text of a file holds; a TypeError names the file, and nothing of the text. */
export function parseKeypair(text: string, file: string): Keypair {
  const value = parseQuietly(text);
  const isByte = (item: unknown): item is number =>
    typeof item === 'number' && Number.isInteger(item) && item >= 0 && item <= 255;
  if (!Array.isArray(value) || value.length !== 64 || !value.every(isByte))
    throw new TypeError(`${file}: expected a Solana key file, a JSON array of 64 bytes`);
  return Keypair.fromSecretKey(Uint8Array.from(value));
}

/** Without the parser's own message: it quotes the text, which is a secret key. */
function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
