import { PublicKey } from '@solana/web3.js';
import idl from '../programs/coverage/idl.json' with { type: 'json' };

export { idl };

/** The program's address: the development key that is in the repository (programs/coverage). */
export const PROGRAM_ID: PublicKey = new PublicKey(idl.address);
