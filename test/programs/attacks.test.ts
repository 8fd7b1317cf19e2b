import { address } from '@solana/kit';
import {
  Keypair,
  type PublicKey,
  SystemProgram,
  TransactionInstruction,
  type AccountMeta,
} from '@solana/web3.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { PROGRAM_ERRORS, PROGRAM_ID } from '#client';
import idl from '../../programs/coverage/idl.json' with { type: 'json' };
import { namedKeypair } from '../support/litesvm-hotspot.ts';
import { supplyOf, vaultOf } from '../support/litesvm-network.ts';
import { goodInstructions, openWorld, type GoodInstruction, type World } from '../support/litesvm-world.ts';
import type { Account, Outcome } from '../support/litesvm.ts';

interface Place {
  readonly index: number;
  readonly name: string;
  readonly signer: boolean;
  readonly writable: boolean;
  /**
   * program: of a fixed address; state: an account of the program; new: one that the instruction creates; pinned: a
   * token program's account that the Network names.
   */
  readonly kind: 'signer' | 'program' | 'state' | 'new' | 'pinned' | 'token' | 'wallet';
}

/** Where another network's account is noticed by something else than its network. */
const OTHER_NETWORK: Readonly<Record<string, string>> = {
  'register_hotspot.network': 'WrongMessage',
  'create_payee.network': 'WrongAddress',
  'approve_maker.network': 'NotTheAuthority',
  'propose_policy.network': 'NotTheAuthority',
  'propose_oracles.network': 'NotTheAuthority',
  'set_guardian.network': 'NotTheAuthority',
  'accept_authority.network': 'NotThePendingAuthority',
  'transfer_authority.network': 'NotTheAuthority',
};
/** What another account in the place of a pinned, token or wallet one answers. */
const NOT_THE_ONE: Readonly<Record<string, string>> = {
  mint: 'WrongAddress',
  vault: 'WrongAddress',
  source: 'WrongSource',
  destination: 'WrongDestination',
  opened_by: 'WrongOpener',
};
const KINDS: Readonly<Record<string, Place['kind']>> = {
  mint: 'pinned',
  vault: 'pinned',
  source: 'token',
  destination: 'token',
  opened_by: 'wallet',
};
/** What a second time answers; null: it lands and changes nothing. */
const REPLAY: Readonly<Record<string, string | null>> = {
  create_network: 'AlreadyCreated',
  register_hotspot: 'AlreadyCreated',
  assert_location: null,
  create_payee: 'AlreadyCreated',
  approve_maker: null,
  set_endorsed_root: null,
  endorse_hotspot: 'AlreadyEndorsed',
  set_destination: null,
  transfer_hotspot: 'NotTheOwner',
  bond: 'AlreadyBonded',
  unbond: 'NotBonded',
  withdraw_bond: 'NothingUnbonding',
  propose_policy: 'PolicyPending',
  set_guardian: null,
  attest: null,
  veto: null,
  claim: null,
  finalize: 'NothingRipe',
  move: null,
  apply_motion: 'MotionNotOpen',
  close_motion: 'WrongOwner',
  apply_oracles: 'NoOraclesPending',
  propose_oracles: null,
  accept_authority: 'NotThePendingAuthority',
  transfer_authority: null,
  // The owner has no more tokens than one purchase costs.
  buy_credits: 'CreditsNotCovered',
  withdraw_credits: 'WithdrawalPending',
  settle_credits: null,
};

const world = openWorld();
const cases = goodInstructions(world);
const { chain } = world;
const STRANGER = namedKeypair('stranger').publicKey;

/** All accounts of the program, what was minted, and what is bonded. */
const stateOf = ({ chain: { svm }, network }: World): string =>
  [
    ...svm
      .getProgramAccounts(address(PROGRAM_ID.toBase58()))
      .map((account) => `${account.address} ${Buffer.from(account.data).toString('hex')}`)
      .sort(),
    `${supplyOf(network)} ${vaultOf(network)}`,
  ].join('\n');

const placesOf = (good: GoodInstruction): readonly Place[] => {
  const accounts = idl.instructions.find(({ name }) => name === good.name)?.accounts ?? [];
  return good.instruction.keys.map(({ pubkey, isSigner, isWritable }, index) => {
    const { name, fixed } = {
      name: accounts[index]?.name ?? '',
      fixed: 'address' in (accounts[index] ?? {}),
    };
    const kind = ((): Place['kind'] => {
      if (fixed) return 'program';
      if (isSigner) return 'signer';
      if (chain.account(pubkey) === null) return 'new';
      return KINDS[name] ?? 'state';
    })();
    return { index, name, signer: isSigner, writable: isWritable, kind };
  });
};

const attempt = (
  good: GoodInstruction,
  change: { readonly keys?: readonly AccountMeta[]; readonly data?: Uint8Array },
): Outcome => {
  const { programId, keys, data } = good.instruction;
  return chain.send(
    [
      ...good.before,
      new TransactionInstruction({
        programId,
        keys: [...(change.keys ?? keys)],
        data: Buffer.from(change.data ?? data),
      }),
    ],
    good.signers,
  );
};

const withMeta = (good: GoodInstruction, index: number, change: Partial<AccountMeta>): Outcome =>
  attempt(good, {
    keys: good.instruction.keys.map((key, at) => (at === index ? { ...key, ...change } : key)),
  });

/** Runs with another account at the address, and puts the true one back. */
const withAccount = (at: PublicKey, change: Partial<Account>, run: () => Outcome): Outcome => {
  const nothing: Account = { data: new Uint8Array(), owner: SystemProgram.programId, lamports: 0n };
  const before = chain.account(at) ?? nothing;
  chain.setAccount(at, { ...before, ...change });
  const outcome = run();
  chain.setAccount(at, before);
  return outcome;
};

const addressOf = (good: GoodInstruction, { index }: Place): PublicKey => {
  const key = good.instruction.keys[index];
  if (key === undefined) throw new Error(`no account ${index}`);
  return key.pubkey;
};

describe.each(cases.map((good, at) => ({ title: `${good.name} (${at})`, good, at })))(
  '$title',
  { timeout: 120_000 },
  ({ good, at }) => {
    const places = placesOf(good);
    const existing = places.filter(({ kind }) => kind === 'state');
    const created = places.filter(({ kind }) => kind === 'new');
    const errors = (of: readonly Place[], run: (place: Place) => Outcome): Record<string, string | null> =>
      Object.fromEntries(of.map((place) => [place.name, run(place).error]));
    const all = (of: readonly Place[], error: string): Record<string, string> =>
      Object.fromEntries(of.map(({ name }) => [name, error]));

    let before = '';
    beforeEach(() => {
      before = stateOf(world);
    });
    const unchanged = (): void => {
      expect(stateOf(world)).toBe(before);
    };

    it('is refused while a signer is missing', () => {
      const signing = places.filter(({ signer }) => signer);
      const got = errors(signing, ({ index }) => withMeta(good, index, { isSigner: false }));
      expect(got).toEqual(all(signing, 'SignerMissing'));
      unchanged();
    });

    it('is refused when an account to be written is read-only', () => {
      const written = places.filter(({ writable }) => writable);
      const got = errors(written, ({ index }) => withMeta(good, index, { isWritable: false }));
      expect(got).toEqual(all(written, 'AccountReadOnly'));
      unchanged();
    });

    it('is refused with another program or sysvar in the place of a fixed one', () => {
      const fixed = places.filter(({ kind }) => kind === 'program');
      const got = errors(fixed, ({ index }) => withMeta(good, index, { pubkey: STRANGER }));
      expect(got).toEqual(all(fixed, 'WrongProgram'));
      unchanged();
    });

    it('is refused when an account belongs to another program', () => {
      const owner = Keypair.generate().publicKey;
      const got = errors([...existing, ...created], (place) =>
        withAccount(addressOf(good, place), { owner, lamports: 5_000_000n }, () => attempt(good, {})),
      );
      expect(got).toEqual({ ...all(existing, 'WrongOwner'), ...all(created, 'AlreadyCreated') });
      unchanged();
    });

    it('is refused with an account of another network', () => {
      const foreign = goodInstructions({ ...world, network: world.other })[at];
      const moved = places.filter((place) => {
        const there = foreign?.instruction.keys[place.index]?.pubkey;
        return place.kind !== 'signer' && there !== undefined && !there.equals(addressOf(good, place));
      });
      const got = errors(moved, ({ index }) => {
        const pubkey = foreign?.instruction.keys[index]?.pubkey;
        return withMeta(good, index, pubkey === undefined ? {} : { pubkey });
      });
      const expected = moved.map(({ name, kind }) => [
        name,
        OTHER_NETWORK[`${good.name}.${name}`] ??
          NOT_THE_ONE[name] ??
          (kind === 'new' ? 'WrongAddress' : 'WrongNetwork'),
      ]);
      expect(got).toEqual(Object.fromEntries(expected));
      unchanged();
    });

    it('is refused with a copy of an account at another address', () => {
      const copied = places.filter(({ kind }) => kind !== 'signer' && kind !== 'program');
      const got = errors(copied, (place) => {
        const copy = chain.account(addressOf(good, place));
        return withAccount(STRANGER, copy ?? {}, () => withMeta(good, place.index, { pubkey: STRANGER }));
      });
      const expected = copied.map(({ name }) => [name, NOT_THE_ONE[name] ?? 'WrongAddress']);
      expect(got).toEqual(Object.fromEntries(expected));
      unchanged();
    });

    it('is refused with an account that is not initialized', () => {
      const none = { data: new Uint8Array(), owner: SystemProgram.programId };
      const elsewhere = errors(existing, ({ index }) => withMeta(good, index, { pubkey: STRANGER }));
      const there = errors(existing, (place) =>
        withAccount(addressOf(good, place), none, () => attempt(good, {})),
      );
      expect([elsewhere, there]).toEqual([all(existing, 'WrongOwner'), all(existing, 'WrongOwner')]);
      unchanged();
    });

    it('is refused with an account of another type, version or length', () => {
      const changed = (place: Place, change: (data: Uint8Array) => Uint8Array): Outcome => {
        const address = addressOf(good, place);
        const data = change(Uint8Array.from(chain.account(address)?.data ?? []));
        return withAccount(address, { data }, () => attempt(good, {}));
      };
      const flip = (offset: number) => (data: Uint8Array) =>
        data.map((byte, position) => (position === offset ? byte ^ 0xff : byte));
      const got = {
        type: errors(existing, (place) => changed(place, flip(0))),
        lastByteOfType: errors(existing, (place) => changed(place, flip(7))),
        version: errors(existing, (place) => changed(place, flip(8))),
        longer: errors(existing, (place) =>
          changed(place, (data) => Buffer.concat([data, Uint8Array.of(0)])),
        ),
        shorter: errors(existing, (place) => changed(place, (data) => data.slice(0, -1))),
        headOnly: errors(existing, (place) => changed(place, (data) => data.slice(0, 8))),
        empty: errors(existing, (place) => changed(place, () => new Uint8Array())),
      };
      expect(got).toEqual({
        type: all(existing, 'WrongDiscriminator'),
        lastByteOfType: all(existing, 'WrongDiscriminator'),
        version: all(existing, 'WrongVersion'),
        longer: all(existing, 'WrongLength'),
        shorter: all(existing, 'WrongLength'),
        headOnly: all(existing, 'WrongLength'),
        empty: all(existing, 'WrongLength'),
      });
      unchanged();
    });

    it('is refused when one account stands in two places', () => {
      for (const place of places.filter(({ signer }) => !signer))
        for (const twin of places.filter(({ index }) => index !== place.index)) {
          const outcome = withMeta(good, place.index, { pubkey: addressOf(good, twin) });
          expect(outcome.landed, `${twin.name} as ${place.name}`).toBe(false);
          expect(
            PROGRAM_ERRORS.has(outcome.error ?? ''),
            `${twin.name} as ${place.name}: ${outcome.error}`,
          ).toBe(true);
        }
      unchanged();
    });

    it('is refused when accounts are missing', () => {
      for (let count = 0; count < places.length; count++)
        expect(attempt(good, { keys: good.instruction.keys.slice(0, count) }).error).toBe('AccountsMissing');
      unchanged();
    });

    it('is refused with truncated, trailing or unknown data', () => {
      const { data } = good.instruction;
      for (let length = 0; length < data.length; length++)
        expect([length, attempt(good, { data: data.subarray(0, length) }).error]).toEqual([
          length,
          length < 8 ? 'UnknownInstruction' : 'MalformedArguments',
        ]);
      for (const extra of [Buffer.alloc(1), Buffer.alloc(32), Buffer.from([255])])
        expect(attempt(good, { data: Buffer.concat([data, extra]) }).error).toBe('MalformedArguments');
      for (let offset = 0; offset < 8; offset++) {
        const unknown = Buffer.from(data);
        unknown.writeUInt8(unknown.readUInt8(offset) ^ 1, offset);
        expect(attempt(good, { data: unknown }).error).toBe('UnknownInstruction');
      }
      unchanged();
    });

    it('lands as it is, and a second time gains nothing', () => {
      expect(attempt(good, {}).error).toBeNull();
      const landed = stateOf(world);
      expect(attempt(good, {}).error).toBe(REPLAY[good.name]);
      expect(stateOf(world)).toBe(landed);
    });
  },
);

describe('lamports that somebody sent to an account before it exists', () => {
  const creating = [
    'create_network',
    'register_hotspot',
    'create_payee',
    'approve_maker',
    'move',
    'buy_credits',
  ];

  it.each([1n, 890_880n, 3_000_000n, 5_000_000_000n])('do not hinder its creation (%s)', (sent) => {
    const fresh = openWorld();
    let funded = 0;
    for (const good of goodInstructions(fresh).filter(({ name }) => creating.includes(name))) {
      for (const { pubkey, isWritable } of good.instruction.keys)
        if (isWritable && fresh.chain.account(pubkey) === null) {
          fresh.chain.setAccount(pubkey, {
            data: new Uint8Array(),
            owner: SystemProgram.programId,
            lamports: sent,
          });
          funded += 1;
        }
      fresh.chain.land([...good.before, good.instruction], good.signers);
      for (const { pubkey } of good.instruction.keys.filter(({ isWritable }) => isWritable)) {
        const account = fresh.chain.account(pubkey);
        if (account === null) continue;
        const rent = fresh.chain.svm.minimumBalanceForRentExemption(BigInt(account.data.length));
        expect(account.lamports).toBeGreaterThanOrEqual(rent);
      }
    }
    expect(funded).toBe(5 + 2 + 1 + 1 + 1 + 1);
  });
});

it('every instruction of the program goes through these attacks', () => {
  expect(new Set(cases.map(({ name }) => name))).toEqual(new Set(idl.instructions.map(({ name }) => name)));
});
