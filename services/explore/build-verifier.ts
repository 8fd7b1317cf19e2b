import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

interface Esbuild {
  readonly build: (options: Readonly<Record<string, unknown>>) => Promise<{
    readonly outputFiles: readonly { readonly text: string }[];
  }>;
}

interface Builder {
  onResolve(of: { readonly filter: RegExp }, resolve: () => { readonly path: string }): void;
}

/** What runs these sources: tsx brings it, and the lock file pins it. */
export async function esbuild(): Promise<Esbuild> {
  const ofTsx = createRequire(createRequire(import.meta.url).resolve('tsx/package.json'));
  return (await import(pathToFileURL(ofTsx.resolve('esbuild')).href)) as Esbuild;
}

/** One module for browsers from web/verifier and protocol: the sources that oracles run, but for Node's own hashes. */
export async function buildVerifier(): Promise<string> {
  const { build } = await esbuild();
  const plainHash = fileURLToPath(new URL('web/verifier/plain-hash.ts', ROOT));
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(ROOT),
    entryPoints: ['web/verifier/verify-hotspot.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    plugins: [
      {
        name: 'hashes without Node',
        setup: (builder: Builder) => {
          builder.onResolve({ filter: /native-hash\.ts$/ }, () => ({ path: plainHash }));
        },
      },
    ],
  });
  const [module] = outputFiles;
  if (module === undefined) throw new Error('esbuild made no module');
  return module.text;
}
