import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = new URL('../', import.meta.url);
export const VERIFIER = fileURLToPath(new URL('web/verify.js', root));

interface Esbuild {
  build(options: Readonly<Record<string, unknown>>): Promise<{
    readonly outputFiles: readonly { readonly text: string }[];
  }>;
}
interface Builder {
  onResolve(filter: { readonly filter: RegExp }, resolve: () => { readonly path: string }): void;
}

/** web/verify.js from web/verifier and protocol: one module for browsers, without Node's hashes. */
export async function buildVerifier(): Promise<string> {
  // The one that runs these sources: tsx brings it, and the lock file pins it.
  const fromTsx = createRequire(createRequire(import.meta.url).resolve('tsx/package.json'));
  const { build } = (await import(pathToFileURL(fromTsx.resolve('esbuild')).href)) as Esbuild;
  const plainHash = fileURLToPath(new URL('web/verifier/plain-hash.ts', root));
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(root),
    entryPoints: ['web/verifier/verify-hotspot.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    charset: 'utf8',
    minifySyntax: true,
    minifyWhitespace: true,
    banner: {
      js: '// Built from web/verifier and protocol by scripts/make-web-verifier.ts; test/web/verifier.test.ts builds it again.',
    },
    plugins: [
      {
        name: 'hashes without Node',
        setup: (builder: Builder) => {
          builder.onResolve({ filter: /native-hash\.ts$/ }, () => ({ path: plainHash }));
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeFile(VERIFIER, await buildVerifier());
