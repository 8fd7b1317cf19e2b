import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { formatVerifierKey, verifierKey, type VerifierKey } from '#protocol/evidence/verifier-key';
import { CliError } from '../cli-error.ts';
import { orRefused } from '../input/read-input.ts';
import { readSecret } from '../input/read-secret.ts';

/** Who signs deny lists. */
export interface Keeper {
  readonly key: VerifierKey;
  /** 64 bytes, ed25519. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** PKCS #8 of an ed25519 seed (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;

/** Makes a key in a new file that only its owner reads: the keeper's name and a seed in hex, a line each. */
export async function createKeeperKey(file: string, name: string): Promise<string> {
  const seed = randomBytes(SEED_BYTES);
  const { key } = keeperOf(name, seed);
  const text = `${name}\n${seed.toString('hex')}\n`;
  await orRefused(file, async () => {
    try {
      await writeFile(file, text, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      throw new CliError('key_stands', { file }, { cause: error });
    }
  });
  return formatVerifierKey(key);
}

/** Reads a key that `createKeeperKey` made; refuses a file that others may read. */
export async function readKeeperKey(file: string): Promise<Keeper> {
  const [, name, seed] = /^([^\s+]+)\r?\n([0-9a-f]{64})\s*$/.exec(await readSecret(file)) ?? [];
  if (name === undefined || seed === undefined) throw new CliError('malformed_keeper_key', { file });
  return keeperOf(name, Buffer.from(seed, 'hex'));
}

function keeperOf(name: string, seed: Buffer): Keeper {
  const secret = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x } = createPublicKey(secret).export({ format: 'jwk' });
  return {
    key: verifierKey(name, Uint8Array.from(Buffer.from(x ?? '', 'base64url'))),
    sign: (message) => sign(null, message, secret),
  };
}
