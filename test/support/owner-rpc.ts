import { once } from 'node:events';
import { createServer } from 'node:http';
import { PublicKey } from '@solana/web3.js';
import { creditsAddress, decodeNetwork, PROGRAM_ID } from '#client';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { Address } from '#protocol/units';
import { accountLength, encodeStruct } from '../../programs-client/codec.ts';
import { idl } from '../../programs-client/idl.ts';
import { EPOCH_S, GENESIS } from '../protocol/epoch/world.ts';

/** Bytes of the Network account after `latest`, and of its end with `latest`. */
const RESERVED = 32;
const LATEST = 640;
const EPOCH_LENGTH_AT = 315;

/** An RPC of a chain on which a tuple is final and an owner has credits. */
export async function startOwnerRpc(of: {
  readonly tuple: Tuple;
  readonly owner: Address;
  readonly balance: bigint;
  readonly settled: bigint;
}): Promise<{ readonly rpcUrl: string; close(): Promise<void> }> {
  const network = new PublicKey(of.tuple.network);
  const owner = new PublicKey(of.owner);
  const accounts = new Map([
    [network.toBase58(), networkAccount(of.tuple)],
    [creditsAddress(network, owner).toBase58(), creditsAccount({ ...of, network, owner })],
  ]);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as {
        readonly id: unknown;
        readonly params: readonly [string];
      };
      const data = accounts.get(asked.params[0]);
      const value = data === undefined ? null : accountJson(data);
      const result = { context: { slot: 1 }, value };
      response.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    rpcUrl: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function accountJson(data: Buffer): object {
  return {
    data: [data.toString('base64'), 'base64'],
    owner: PROGRAM_ID.toBase58(),
    lamports: 1,
    executable: false,
    rentEpoch: 0,
    space: data.length,
  };
}

function networkAccount(tuple: Tuple): Buffer {
  const bytes = Buffer.alloc(accountLength('Network'));
  bytes.set(discriminator('Network'));
  bytes.writeUInt8(1, 8);
  bytes.writeBigUInt64LE(BigInt(EPOCH_S), EPOCH_LENGTH_AT);
  bytes.writeBigUInt64LE(BigInt(GENESIS), EPOCH_LENGTH_AT + 8);
  const latest = encodeStruct('FinalizedEpoch', {
    epoch: tuple.epoch,
    tuple_hash: Buffer.from(tupleHash(tuple), 'hex'),
    root: Buffer.from(tuple.root, 'hex'),
    leaf_count: tuple.leafCount,
    cumulative_total: tuple.cumulativeTotal,
    credits_root: Buffer.from(tuple.creditsRoot, 'hex'),
    credits_count: tuple.creditsCount,
    time: 0n,
    voters: Array.from({ length: 16 }, () => PublicKey.default),
  });
  const at = bytes.length - RESERVED - LATEST;
  bytes.set(latest.subarray(0, LATEST), at);
  bytes.writeUInt8(1, at - 1);
  const read = decodeNetwork(new PublicKey(tuple.network), bytes);
  if (read.latest?.creditsRoot !== tuple.creditsRoot || read.firstEpochStart !== BigInt(GENESIS))
    throw new Error('the Network account has another layout');
  return bytes;
}

function creditsAccount(of: {
  readonly network: PublicKey;
  readonly owner: PublicKey;
  readonly balance: bigint;
  readonly settled: bigint;
}): Buffer {
  const { network, owner, balance, settled } = of;
  const fields = encodeStruct('Credits', {
    version: 1,
    bump: 0,
    network,
    owner,
    first_epoch: 0n,
    balance: { current: balance, next: balance, next_from_epoch: 0n },
    settled_total: settled,
    refundable: 0n,
    withdrawal: 0n,
    withdrawal_from_epoch: 0n,
  });
  return Buffer.concat([discriminator('Credits'), fields]);
}

function discriminator(name: string): Uint8Array {
  const found = idl.accounts.find((account) => account.name === name);
  if (found === undefined) throw new Error(`no account ${name}`);
  return Uint8Array.from(found.discriminator);
}
