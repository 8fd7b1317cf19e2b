import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { epochNumber } from '#protocol/units';
import { parseAddress } from '../../cli/options/address.ts';
import { sendProposal } from '../../cli/policy/send-proposal.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-propose-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function keyFile(name: string, content: string, mode = 0o600): Promise<string> {
  await writeFile(join(dir, name), content, { mode });
  return join(dir, name);
}

async function send(authority: string): Promise<string> {
  return await sendProposal(DEFAULT_POLICY, {
    authority,
    firstEpoch: epochNumber(5n),
    network: parseAddress('11111111111111111111111111111111'),
    // Nobody listens there.
    rpc: 'http://127.0.0.1:1/?api-key=s3cret',
  });
}

describe('coverant policy propose', () => {
  const secret = JSON.stringify([...Keypair.generate().secretKey]);

  it('says by a code that the chain cannot be asked, and repeats no key of its provider', async () => {
    const sent = send(await keyFile('good', secret));
    await expect(sent).rejects.toMatchObject({
      code: 'chain_unreachable',
      context: { rpc: 'http://127.0.0.1:1' },
    });
    await expect(sent).rejects.not.toThrow('s3cret');
  });

  it('refuses a key file that others can read or that is none, and quotes nothing of it', async () => {
    await expect(send(await keyFile('open', secret, 0o644))).rejects.toMatchObject({ code: 'open_secret' });
    await expect(send(await keyFile('other', '[201,202'))).rejects.toThrow(
      /^((?!201).)*Solana key file((?!201).)*$/,
    );
    const wrong = JSON.stringify(Array.from({ length: 64 }, () => 7));
    await expect(send(await keyFile('wrong', wrong))).rejects.toMatchObject({ code: 'malformed_keypair' });
  });
});
