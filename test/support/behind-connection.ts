import { Connection, SYSVAR_CLOCK_PUBKEY, type AccountInfo } from '@solana/web3.js';

/** Where the Clock sysvar holds its seconds. */
const UNIX_TIME = 32;

/** A node that fell a minute behind the one that answered the first time. */
export class BehindConnection extends Connection {
  readings = 0;

  override async getAccountInfo(
    ...input: Parameters<Connection['getAccountInfo']>
  ): Promise<AccountInfo<Buffer> | null> {
    const account = await super.getAccountInfo(...input);
    if (account === null || !input[0].equals(SYSVAR_CLOCK_PUBKEY)) return account;
    this.readings += 1;
    const data = Buffer.from(account.data);
    if (this.readings > 1) data.writeBigInt64LE(data.readBigInt64LE(UNIX_TIME) - 60n, UNIX_TIME);
    return { ...account, data };
  }
}
