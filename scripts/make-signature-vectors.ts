import { writeFileSync } from 'node:fs';
import { ed25519Vectors } from './signature-vectors/ed25519.ts';
import { p256Vectors } from './signature-vectors/p256.ts';

/** Writes test/vectors/signatures.json: edge cases of the strict rule, made from fixed scalars. */
const vectors = [...ed25519Vectors(), ...p256Vectors()];
const note =
  'Edge cases of the signature rule (protocol/crypto/signature-rules.ts), made by scripts/make-signature-vectors.ts. Keys are the 33 binary bytes; every verifier must give `valid`.';
writeFileSync(
  new URL('../test/vectors/signatures.json', import.meta.url),
  `${JSON.stringify({ note, vectors }, null, 1)}\n`,
);
console.log(`${vectors.length} vectors, ${vectors.filter(({ valid }) => valid).length} of them valid`);
