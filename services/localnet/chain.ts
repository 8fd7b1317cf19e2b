import { findTestValidator, startTestValidator } from './test-validator.ts';
import { loadSurfpool, startSurfpool } from './surfpool.ts';

/** A running chain whose ports are its own; only the gateway and the proxy in front of it are for others. */
export interface Chain {
  readonly name: string;
  readonly rpcUrl: string;
  /** Where the engine's own is another at every start; null: the engine's. */
  readonly genesisHash: string | null;
  readonly websocket: { readonly host: string; readonly port: number };
  /** Rejects when the chain dies by itself; never resolves. */
  readonly failed: Promise<never>;
  readonly close: () => Promise<void>;
}

export interface ChainOptions {
  readonly folder: string;
  readonly path: string;
  readonly say: (line: string) => void;
}

/** Surfpool where npm has it for this platform, else a solana-test-validator on PATH. */
export async function startChain(options: ChainOptions): Promise<Chain> {
  const surfpool = loadSurfpool();
  if (surfpool !== null) return startSurfpool(surfpool, options);
  const validator = findTestValidator(options.path);
  if (validator !== null) return startTestValidator(validator, options);
  throw new Error(
    `No local chain can be started: there is no package @solana/surfpool-* for ${process.platform} ${process.arch} ` +
      'and no solana-test-validator on the PATH. Install the Solana tools, or set RPC_URL to a validator elsewhere.',
  );
}
