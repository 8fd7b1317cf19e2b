import { sha256Hex, type Sha256Hex } from '../../crypto/sha256-hex.ts';
import { canonicalJson } from '../bytes/canonical-json.ts';
import { JsonFile } from './json-file.ts';

/** Name of the file that lists the others. */
export const MANIFEST = 'manifest.json';
const VERSION = 1;

/** SHA-256 of every other file of the folder, in canonical JSON with the folder's format version. */
export function manifestBytes(
  files: ReadonlyMap<string, Uint8Array>,
  hash: Sha256Hex = sha256Hex,
): Uint8Array {
  const hashes = [...files]
    .filter(([name]) => name !== MANIFEST)
    .map(([name, bytes]): [string, string] => [name, hash(bytes)]);
  return canonicalJson({ version: VERSION, files: Object.fromEntries(hashes) });
}

/** Hashes by file name; malformed_folder for a format version that is not known here. */
export function openManifest(bytes: Uint8Array): ReadonlyMap<string, string> {
  const json = new JsonFile(MANIFEST, bytes);
  json.requireShape(VERSION, ['files']);
  const hashes = json.texts('files');
  for (const [name, hash] of hashes)
    if (!/^[0-9a-f]{64}$/.test(hash)) throw json.refusal(`files.${name}`, 'SHA-256 in hex');
  return hashes;
}
