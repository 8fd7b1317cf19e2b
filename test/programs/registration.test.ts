import { SystemProgram, TransactionInstruction } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import {
  ClientError,
  decodeHotspot,
  hotspotAddress,
  registerHotspot,
  registerMessage,
  signaturePrecompile,
} from '#client';
import { namedHotspot, namedKeypair, type TestHotspot } from '../support/litesvm-hotspot.ts';
import { LOCATION, createTestNetwork, register } from '../support/litesvm-network.ts';
import { openLiteChain, type Outcome } from '../support/litesvm.ts';

describe('register_hotspot', () => {
  const chain = openLiteChain();
  const network = createTestNetwork(chain);
  const owner = namedKeypair('owner');
  const stranger = namedKeypair('stranger');
  const elsewhere = createTestNetwork(chain, 'elsewhere').address;
  const ed = namedHotspot('ed', 'ed25519');
  const ecc = namedHotspot('ecc', 'p256');
  const both: readonly (readonly [string, TestHotspot])[] = [
    ['ed25519', ed],
    ['P-256', ecc],
  ];
  const bound = { owner: owner.publicKey, network: network.address };

  const messageOf = (hotspot: TestHotspot): Uint8Array => registerMessage({ ...bound, gateway: hotspot.key });
  const precompileOf = (hotspot: TestHotspot, message: Uint8Array): TransactionInstruction =>
    signaturePrecompile({ key: hotspot.key, message, signature: hotspot.sign(message) });
  const registration = (hotspot: TestHotspot): TransactionInstruction => {
    const [, instruction] = registerHotspot({
      payer: chain.payer.publicKey,
      ...bound,
      key: hotspot.key,
      signature: hotspot.sign(messageOf(hotspot)),
      location: null,
    });
    if (instruction === undefined) throw new Error('registerHotspot builds two instructions');
    return instruction;
  };
  const send = (...instructions: TransactionInstruction[]): Outcome => chain.send(instructions, [owner]);
  const edited = (
    instruction: TransactionInstruction,
    edit: (data: Buffer) => void,
  ): TransactionInstruction => {
    const data = Buffer.from(instruction.data);
    edit(data);
    return new TransactionInstruction({ programId: instruction.programId, keys: instruction.keys, data });
  };
  const nothing = SystemProgram.transfer({
    fromPubkey: chain.payer.publicKey,
    toPubkey: chain.payer.publicKey,
    lamports: 0,
  });

  describe.each(both)('with a key of type %s', (_, hotspot) => {
    const other = hotspot === ed ? ecc : ed;
    const message = messageOf(hotspot);
    const signed = precompileOf(hotspot, message);
    const instruction = registration(hotspot);

    it('is refused without the hotspot’s signature directly before it', () => {
      expect(send(instruction).error).toBe('MissingHotspotSignature');
      expect(send(nothing, instruction).error).toBe('MissingHotspotSignature');
      expect(send(instruction, signed).error).toBe('MissingHotspotSignature');
      expect(send(signed, nothing, instruction).error).toBe('MissingHotspotSignature');
    });

    it('is refused after a signature by the other curve', () => {
      expect(send(precompileOf(other, messageOf(other)), instruction).error).toBe('MissingHotspotSignature');
    });

    it('is refused when parts of the signature stand in an instruction that is named by number', () => {
      // Offsets 4, 8 and 14 hold the instruction indexes of signature, key and message; 0 is this very instruction.
      for (const offset of [4, 8, 14]) {
        const numbered = edited(signed, (data) => data.writeUInt16LE(0, offset));
        expect(send(numbered).error).toBeNull();
        expect(send(numbered, instruction).error).toBe('MissingHotspotSignature');
      }
    });

    it('is refused when the precompile verified two signatures or none', () => {
      const offsets = signed.data.subarray(2, 16);
      const moved = Buffer.from(offsets);
      for (const at of [0, 4, 8]) moved.writeUInt16LE(moved.readUInt16LE(at) + 14, at);
      const two = edited(signed, () => undefined);
      two.data = Buffer.concat([Uint8Array.of(2, 0), moved, moved, signed.data.subarray(16)]);
      expect(send(two).error).toBeNull();
      expect(send(two, instruction).error).toBe('MissingHotspotSignature');
      const none = edited(signed, (data) => data.writeUInt8(0, 0));
      expect(send(none, instruction).landed).toBe(false);
    });

    it('is refused when another key signed', () => {
      const imposter = namedHotspot('imposter', hotspot === ed ? 'ed25519' : 'p256');
      expect(send(precompileOf(imposter, message), instruction).error).toBe('WrongHotspotKey');
    });

    it('is refused when the signature does not verify', () => {
      const forged = edited(signed, (data) =>
        data.writeUInt8(data.readUInt8(data.length - 1) ^ 1, data.length - 1),
      );
      expect(send(forged, instruction).landed).toBe(false);
    });

    it.each([
      ['another owner', registerMessage({ ...bound, gateway: hotspot.key, owner: stranger.publicKey })],
      ['another network', registerMessage({ ...bound, gateway: hotspot.key, network: elsewhere })],
      ['another hotspot', registerMessage({ ...bound, gateway: other.key })],
      ['a part of the message', message.subarray(0, 104)],
      ['more than the message', Buffer.concat([message, Uint8Array.of(0)])],
      ['an owner of another key type', Uint8Array.from(message).fill(0x00, 2, 3)],
      ['another field as payer', Uint8Array.from(message).fill(0x1a, 70, 71)],
      ['nothing', new Uint8Array()],
    ])('is refused when the hotspot signed %s', (_title, bytes) => {
      expect(send(precompileOf(hotspot, bytes), instruction).error).toBe('WrongMessage');
    });

    it('is refused for a hotspot of the other key network', () => {
      const foreign = namedHotspot('foreign', hotspot === ed ? 'ed25519' : 'p256', 'testnet');
      const outcome = send(precompileOf(foreign, messageOf(foreign)), registration(foreign));
      expect(outcome.error).toBe('WrongKeyNetwork');
    });

    it('gives a hotspot without a location to its owner, and to nobody else afterwards', () => {
      const events = chain.land([signed, instruction], [owner]).events;
      expect(events).toMatchObject([{ name: 'HotspotRegistered', owner: owner.publicKey }]);
      const address = hotspotAddress(network.address, hotspot.key);
      const account = decodeHotspot(address, chain.account(address)?.data ?? new Uint8Array(), 'mainnet');
      expect(account.location.current).toEqual({ cell: 0n, gain: 0, elevation: 0, mode: 'full' });
      expect(register(network, { hotspot, owner: stranger }).error).toBe('AlreadyCreated');
    });
  });

  it('is refused for an unknown key type', () => {
    const unknown = edited(registration(namedHotspot('unknown', 'ed25519')), (data) => data.writeUInt8(2, 8));
    expect(send(unknown).error).toBe('InvalidKeyType');
  });

  it('is refused with an option that is neither absent nor present', () => {
    const hotspot = namedHotspot('optional', 'ed25519');
    const odd = edited(registration(hotspot), (data) => data.writeUInt8(2, 8 + 1 + 32));
    expect(send(precompileOf(hotspot, messageOf(hotspot)), odd).error).toBe('MalformedArguments');
  });

  it('takes P-256 keys of either parity and signatures of either half', () => {
    const hotspots = Array.from({ length: 24 }, (_, n) => namedHotspot(`parity ${n}`, 'p256'));
    const made = hotspots.map((hotspot) => precompileOf(hotspot, messageOf(hotspot)).data.subarray(16, 49));
    expect(new Set(made.map((key) => key[0]))).toEqual(new Set([2, 3]));
    const firstOfS = hotspots.map((hotspot) => hotspot.sign(messageOf(hotspot)));
    // A DER integer of 33 bytes has its top bit set: it is certainly not in the lower half.
    expect(firstOfS.some((der) => der.at(-33) === 0)).toBe(true);
    expect(hotspots.map((hotspot) => register(network, { hotspot, owner }).error)).toEqual(
      hotspots.map(() => null),
    );
  });

  it('is not even built for a signature that does not verify', () => {
    for (const hotspot of [ed, ecc]) {
      const signature = hotspot.sign(messageOf(hotspot)).slice(0, -1);
      const build = (): unknown =>
        registerHotspot({
          payer: chain.payer.publicKey,
          ...bound,
          key: hotspot.key,
          signature,
          location: LOCATION,
        });
      expect(build).toThrow(ClientError);
      expect(build).toThrow(/does not verify/);
    }
  });
});
