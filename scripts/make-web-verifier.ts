import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildVerifier } from '#services/explore/build-verifier';

// The page that checks a hotspot's epoch, as a folder for any web server: `node --import tsx FILE folder`.
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Name the folder into which the page is to be written.');
  process.exit(2);
}
await mkdir(folder, { recursive: true });
for (const name of ['verify.html', 'verify-page.js', 'elements.js', 'style.css'])
  await cp(fileURLToPath(new URL(`../web/${name}`, import.meta.url)), join(folder, name));
await writeFile(join(folder, 'verify.js'), await buildVerifier());
