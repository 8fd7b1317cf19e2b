import { Connection, type ConfirmedSignatureInfo } from '@solana/web3.js';

/** A node that keeps accounts and no transactions, as many do. */
export class ForgetfulConnection extends Connection {
  override getSignaturesForAddress(): Promise<ConfirmedSignatureInfo[]> {
    return Promise.resolve([]);
  }
}
