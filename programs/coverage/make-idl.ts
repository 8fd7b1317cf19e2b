// Writes idl.json (Anchor IDL, spec 0.1.0). `cargo test` holds it against the program's own tables in both directions.
// Discriminators are computed; the address and the errors are read from the Rust sources.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

type IdlType =
  | string
  | { readonly array: readonly [IdlType, number] }
  | { readonly vec: IdlType }
  | { readonly option: IdlType }
  | { readonly defined: { readonly name: string } };
type Fields = Readonly<Record<string, IdlType>>;
type Seed =
  | { readonly kind: 'const'; readonly value: readonly number[] }
  | { readonly kind: 'account' | 'arg'; readonly path: string };
interface Account {
  readonly name: string;
  readonly writable?: true;
  readonly signer?: true;
  readonly address?: string;
  readonly pda?: { readonly seeds: readonly Seed[] };
}
interface Instruction {
  readonly docs: string;
  readonly accounts: readonly Account[];
  readonly args: Fields;
}

const hash: IdlType = { array: ['u8', 32] };
const array = (type: IdlType, length: number): IdlType => ({ array: [type, length] });
const defined = (name: string): IdlType => ({ defined: { name } });

const seeds = (
  kind: string,
  ...rest: readonly Seed[]
): { readonly pda: { readonly seeds: readonly Seed[] } } => ({
  pda: { seeds: [{ kind: 'const', value: [...Buffer.from(kind)] }, ...rest] },
});
const of = (path: string): Seed => ({ kind: 'account', path });
const arg = (path: string): Seed => ({ kind: 'arg', path });
const ledger: Account = { name: 'ledger', writable: true, ...seeds('ledger', of('network')) };
const ballot: Account = { name: 'ballot', writable: true, ...seeds('ballot', of('network')) };
const mint: Account = { name: 'mint', writable: true, ...seeds('mint', of('network')) };
const vault: Account = { name: 'vault', writable: true, ...seeds('vault', of('network')) };
const network: Account = { name: 'network' };
const owner: Account = { name: 'owner', signer: true };
const hotspot: Account = { name: 'hotspot', writable: true };
const credits: Account = { name: 'credits', writable: true, ...seeds('credits', of('network'), of('owner')) };
const payer: Account = { name: 'payer', writable: true, signer: true };
const tokenProgram: Account = {
  name: 'token_program',
  address: 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
};
const systemProgram: Account = { name: 'system_program', address: '11111111111111111111111111111111' };
const instructionsSysvar: Account = {
  name: 'instructions',
  address: 'Sysvar1nstructions1111111111111111111111111',
};

const instructions: Readonly<Record<string, Instruction>> = {
  create_network: {
    docs: 'Creates a network with its reward mint, the vault of its bonds, ledger and ballot. The creator pays and becomes the authority.',
    accounts: [
      { name: 'creator', writable: true, signer: true },
      { ...network, writable: true, ...seeds('network', of('creator'), arg('name')) },
      mint,
      vault,
      ledger,
      ballot,
      tokenProgram,
      systemProgram,
    ],
    args: { name: hash, config: defined('NetworkConfig') },
  },
  register_hotspot: {
    docs: "Registers a hotspot by its own signature, verified by the precompile instruction before, over its owner's and the network's key.",
    accounts: [
      payer,
      owner,
      network,
      { ...hotspot, ...seeds('hotspot', of('network'), arg('key_type'), arg('key')) },
      instructionsSysvar,
      systemProgram,
    ],
    args: { key_type: 'u8', key: hash, location: { option: defined('Location') } },
  },
  assert_location: {
    docs: "Sets a hotspot's cell, gain, elevation and mode from the next epoch on.",
    accounts: [owner, network, hotspot],
    args: { location: defined('Location') },
  },
  create_payee: {
    docs: 'Creates the account by which an address that is not a hotspot claims.',
    accounts: [
      payer,
      network,
      { name: 'payee', writable: true, ...seeds('payee', of('network'), arg('address')) },
      systemProgram,
    ],
    args: { address: 'pubkey' },
  },
  approve_maker: {
    docs: 'Approves a maker, or takes the approval back; endorsements that were made stay.',
    accounts: [
      { name: 'authority', writable: true, signer: true },
      network,
      { name: 'maker', writable: true, ...seeds('maker', of('network'), arg('key')) },
      systemProgram,
    ],
    args: { key: 'pubkey', approved: 'bool' },
  },
  set_endorsed_root: {
    docs: "Publishes the root and the count of a maker's list of endorsed keys.",
    accounts: [
      { name: 'maker_key', signer: true },
      network,
      { name: 'maker', writable: true, ...seeds('maker', of('network'), of('maker_key')) },
    ],
    args: { root: hash, count: 'u32' },
  },
  endorse_hotspot: {
    docs: "Raises a hotspot to tier endorsed from the next epoch on, by a proof of its key in a maker's list.",
    accounts: [network, { name: 'maker' }, hotspot],
    args: { index: 'u32', proof: { vec: hash } },
  },
  set_destination: {
    docs: "Sets who receives a hotspot's rewards; zero: its owner.",
    accounts: [owner, network, hotspot],
    args: { destination: 'pubkey' },
  },
  transfer_hotspot: {
    docs: 'Gives a hotspot to another owner, with all that is unclaimed and its bond; the destination is cleared.',
    accounts: [owner, network, hotspot],
    args: { to: 'pubkey' },
  },
  bond: {
    docs: "Puts the network's bond behind a hotspot, out of its owner's tokens: it is bonded from the next epoch on.",
    accounts: [owner, network, hotspot, { name: 'source', writable: true }, vault, tokenProgram],
    args: {},
  },
  unbond: {
    docs: 'Asks a bond back: the tier falls from the next epoch on, and the bond is free when that can be judged no longer.',
    accounts: [owner, network, hotspot],
    args: {},
  },
  withdraw_bond: {
    docs: "Pays a free bond to the associated token account of the hotspot's owner.",
    accounts: [network, hotspot, vault, { name: 'destination', writable: true }, tokenProgram],
    args: {},
  },
  propose_policy: {
    docs: 'Proposes the policy that holds from an epoch on that has not begun.',
    accounts: [
      { name: 'authority', signer: true },
      { ...network, writable: true },
    ],
    args: { hash, credit_price: 'u64', first_epoch: 'u64' },
  },
  propose_oracles: {
    docs: 'Proposes the oracle set that votes after the timelock, in the place of a pending one that does not vote yet.',
    accounts: [
      { name: 'authority', signer: true },
      { ...network, writable: true },
    ],
    args: { k: 'u8', oracles: { vec: 'pubkey' } },
  },
  apply_oracles: {
    docs: "Makes the pending oracle set the network's once time has put it in force and nothing is ripe.",
    accounts: [
      { ...network, writable: true },
      { name: 'ballot', ...seeds('ballot', of('network')) },
    ],
    args: {},
  },
  transfer_authority: {
    docs: 'Names who may take the authority over after the timelock; zero takes that back.',
    accounts: [
      { name: 'authority', signer: true },
      { ...network, writable: true },
    ],
    args: { to: 'pubkey' },
  },
  accept_authority: {
    docs: 'The pending authority becomes the authority.',
    accounts: [
      { name: 'pending_authority', signer: true },
      { ...network, writable: true },
    ],
    args: {},
  },
  set_guardian: {
    docs: 'Sets who is the guardian after the timelock; zero: nobody.',
    accounts: [
      { name: 'authority', signer: true },
      { ...network, writable: true },
    ],
    args: { guardian: 'pubkey' },
  },
  attest: {
    docs: "Sets an oracle's live vote; k equal votes make a tuple ripe and start the challenge delay.",
    accounts: [{ name: 'oracle', signer: true }, network, ballot],
    args: { tuple: defined('Tuple') },
  },
  veto: {
    docs: 'Takes back what is ripe: at once by the guardian, or by so many oracles that fewer than k are left.',
    accounts: [{ name: 'vetoer', signer: true }, { ...network, writable: true }, ballot],
    args: { epoch: 'u64', tuple_hash: hash },
  },
  finalize: {
    docs: 'Makes the ripe tuple final after the challenge delay.',
    accounts: [{ ...network, writable: true }, ballot],
    args: { tuple: defined('Tuple') },
  },
  claim: {
    docs: 'Mints what a hotspot or payee is owed by the latest finalized root to the associated token account of its destination.',
    accounts: [
      network,
      ledger,
      { name: 'subject', writable: true },
      mint,
      { name: 'destination', writable: true },
      tokenProgram,
    ],
    args: { cumulative: 'u64', index: 'u32', proof: { vec: hash } },
  },
  move: {
    docs: 'An oracle votes to quarantine or release a hotspot; the first to do so opens the motion and pays for its account.',
    accounts: [
      { name: 'oracle', writable: true, signer: true },
      network,
      { name: 'hotspot' },
      {
        name: 'motion',
        writable: true,
        ...seeds(
          'motion',
          of('network'),
          arg('kind'),
          of('hotspot'),
          arg('nonce'),
          arg('evidence_origin_hash'),
          arg('evidence_index'),
        ),
      },
      systemProgram,
    ],
    args: { kind: 'u8', nonce: 'u64', evidence_origin_hash: hash, evidence_index: 'u64' },
  },
  apply_motion: {
    docs: 'Does what k oracles want, from the next epoch on; quarantine burns what the hotspot has in the vault.',
    accounts: [network, { name: 'motion' }, hotspot, mint, vault, tokenProgram],
    args: {},
  },
  close_motion: {
    docs: 'Ends a motion that is open no longer, and gives its rent back to who opened it.',
    accounts: [
      network,
      { name: 'motion', writable: true },
      { name: 'hotspot' },
      { name: 'opened_by', writable: true },
    ],
    args: {},
  },
  buy_credits: {
    docs: "Burns an owner's tokens for data credits at the price of the policy in force: they hold from the next epoch on.",
    accounts: [
      { ...owner, writable: true },
      network,
      ledger,
      credits,
      mint,
      { name: 'source', writable: true },
      tokenProgram,
      systemProgram,
    ],
    args: { credits: 'u64', max_tokens: 'u64' },
  },
  withdraw_credits: {
    docs: 'Asks data credits back: they are off the balance from the next epoch on.',
    accounts: [owner, network, credits],
    args: { credits: 'u64' },
  },
  settle_credits: {
    docs: 'Settles what an owner used of its data credits by the latest finalized credits root, and pays a withdrawal that is due.',
    accounts: [
      network,
      ledger,
      { name: 'credits', writable: true },
      mint,
      { name: 'destination', writable: true },
      tokenProgram,
    ],
    args: { settled_total: 'u64', index: 'u32', proof: { vec: hash } },
  },
};

const accounts: Readonly<Record<string, Fields>> = {
  Network: {
    version: 'u8',
    bump: 'u8',
    creator: 'pubkey',
    name: hash,
    key_network: 'u8',
    operations: 'pubkey',
    authority: 'pubkey',
    pending_authority: 'pubkey',
    pending_authority_from: 'u64',
    guardian: 'pubkey',
    pending_guardian: 'pubkey',
    pending_guardian_from: 'u64',
    mint: 'pubkey',
    vault: 'pubkey',
    epoch_length_s: 'u64',
    first_epoch_start: 'u64',
    base_emission: 'u64',
    halving_period_epochs: 'u32',
    bond: 'u64',
    holdback_epochs: 'u32',
    challenge_delay_s: 'u32',
    timelock_s: 'u32',
    guardian_vetoes_allowed: 'u8',
    guardian_vetoes_used: 'u8',
    oracles: defined('OracleSet'),
    pending_oracles: defined('OracleSet'),
    pending_oracles_from: 'u64',
    policy: defined('Policy'),
    pending_policy: defined('Policy'),
    pending_policy_first_epoch: 'u64',
    finalized_any: 'bool',
    latest: defined('FinalizedEpoch'),
    reserved: array('u8', 32),
  },
  Ledger: {
    version: 'u8',
    bump: 'u8',
    network: 'pubkey',
    total_claimed: 'u64',
    credits_burned: 'u64',
    credits_refunded: 'u64',
  },
  Hotspot: {
    version: 'u8',
    bump: 'u8',
    network: 'pubkey',
    key_type: 'u8',
    key: hash,
    owner: 'pubkey',
    destination: 'pubkey',
    registered_at: 'u64',
    claimed: 'u64',
    bond: 'u64',
    unbonding: 'u64',
    unbonded_at: 'u64',
    motions: 'u64',
    status: defined('TimedStatus'),
    tier: defined('TimedTier'),
    location: defined('TimedLocation'),
  },
  Payee: { version: 'u8', bump: 'u8', network: 'pubkey', address: 'pubkey', claimed: 'u64' },
  Ballot: {
    version: 'u8',
    bump: 'u8',
    network: 'pubkey',
    generation: 'u32',
    votes: array(defined('Vote'), 16),
    vetoes: 'u16',
    ripe: defined('Vote'),
    ripe_since: 'u64',
  },
  Motion: {
    version: 'u8',
    bump: 'u8',
    network: 'pubkey',
    kind: 'u8',
    subject: 'pubkey',
    nonce: 'u64',
    evidence_origin_hash: hash,
    evidence_index: 'u64',
    generation: 'u32',
    votes: 'u16',
    lapses_at: 'u64',
    opened_by: 'pubkey',
  },
  Credits: {
    version: 'u8',
    bump: 'u8',
    network: 'pubkey',
    owner: 'pubkey',
    first_epoch: 'u64',
    balance: defined('TimedAmount'),
    settled_total: 'u64',
    refundable: 'u64',
    withdrawal: 'u64',
    withdrawal_from_epoch: 'u64',
  },
  Maker: {
    version: 'u8',
    bump: 'u8',
    network: 'pubkey',
    key: 'pubkey',
    approved: 'bool',
    stake: 'u64',
    unstaking: 'u64',
    unstaked_at: 'u64',
    endorsed_root: hash,
    endorsed_count: 'u32',
  },
};

const timed = (value: IdlType): Fields => ({ current: value, next: value, next_from_epoch: 'u64' });
const structs: Readonly<Record<string, Fields>> = {
  NetworkConfig: {
    key_network: 'u8',
    operations: 'pubkey',
    guardian: 'pubkey',
    epoch_length_s: 'u64',
    first_epoch_start: 'u64',
    base_emission: 'u64',
    halving_period_epochs: 'u32',
    bond: 'u64',
    k: 'u8',
    oracles: { vec: 'pubkey' },
    holdback_epochs: 'u32',
    policy_hash: hash,
    credit_price: 'u64',
    challenge_delay_s: 'u32',
    timelock_s: 'u32',
    guardian_vetoes: 'u8',
  },
  OracleSet: { generation: 'u32', k: 'u8', n: 'u8', keys: array('pubkey', 16) },
  Policy: { hash, credit_price: 'u64' },
  FinalizedEpoch: {
    epoch: 'u64',
    tuple_hash: hash,
    root: hash,
    leaf_count: 'u32',
    cumulative_total: 'u64',
    credits_root: hash,
    credits_count: 'u32',
    time: 'u64',
    voters: array('pubkey', 16),
  },
  Tuple: {
    network: 'pubkey',
    epoch: 'u64',
    parent_tuple_hash: hash,
    root: hash,
    leaf_count: 'u32',
    cumulative_total: 'u64',
    credits_root: hash,
    credits_count: 'u32',
    evidence_hash: hash,
    registry_hash: hash,
    policy_hash: hash,
    state_hash: hash,
  },
  Vote: { epoch: 'u64', tuple_hash: hash },
  Location: { cell: 'u64', gain: 'i32', elevation: 'i32', mode: 'u8' },
  Tier: { kind: 'u8', maker: 'pubkey' },
  TimedStatus: timed('u8'),
  TimedTier: timed(defined('Tier')),
  TimedLocation: timed(defined('Location')),
  TimedAmount: timed('u64'),
};

const events: Readonly<Record<string, Fields>> = {
  NetworkCreated: { network: 'pubkey', creator: 'pubkey', mint: 'pubkey' },
  HotspotRegistered: {
    network: 'pubkey',
    hotspot: 'pubkey',
    key_type: 'u8',
    key: hash,
    owner: 'pubkey',
    location: defined('Location'),
  },
  LocationAsserted: {
    network: 'pubkey',
    hotspot: 'pubkey',
    location: defined('Location'),
    from_epoch: 'u64',
  },
  PayeeCreated: { network: 'pubkey', payee: 'pubkey', address: 'pubkey' },
  MakerApproved: { network: 'pubkey', maker: 'pubkey', key: 'pubkey', approved: 'bool' },
  EndorsedRootSet: { network: 'pubkey', maker: 'pubkey', root: hash, count: 'u32' },
  HotspotEndorsed: { network: 'pubkey', hotspot: 'pubkey', maker: 'pubkey', from_epoch: 'u64' },
  DestinationSet: { network: 'pubkey', hotspot: 'pubkey', destination: 'pubkey' },
  HotspotTransferred: { network: 'pubkey', hotspot: 'pubkey', from: 'pubkey', to: 'pubkey' },
  HotspotBonded: { network: 'pubkey', hotspot: 'pubkey', amount: 'u64', from_epoch: 'u64' },
  HotspotUnbonded: {
    network: 'pubkey',
    hotspot: 'pubkey',
    amount: 'u64',
    from_epoch: 'u64',
    free_at: 'u64',
  },
  BondWithdrawn: { network: 'pubkey', hotspot: 'pubkey', owner: 'pubkey', amount: 'u64' },
  PolicyProposed: { network: 'pubkey', policy: defined('Policy'), first_epoch: 'u64' },
  OraclesProposed: { network: 'pubkey', oracles: defined('OracleSet'), from: 'u64' },
  OraclesApplied: { network: 'pubkey', generation: 'u32' },
  AuthorityProposed: { network: 'pubkey', authority: 'pubkey', from: 'u64' },
  AuthorityAccepted: { network: 'pubkey', authority: 'pubkey' },
  GuardianSet: { network: 'pubkey', guardian: 'pubkey', from: 'u64' },
  Attested: { oracle: 'pubkey', tuple: defined('Tuple') },
  Ripened: { network: 'pubkey', epoch: 'u64', tuple_hash: hash, since: 'u64' },
  Vetoed: { network: 'pubkey', epoch: 'u64', tuple_hash: hash, by: 'pubkey', cleared: 'bool' },
  Finalized: { network: 'pubkey', latest: defined('FinalizedEpoch') },
  Claimed: { network: 'pubkey', subject: 'pubkey', destination: 'pubkey', amount: 'u64', cumulative: 'u64' },
  MotionVoted: {
    network: 'pubkey',
    motion: 'pubkey',
    hotspot: 'pubkey',
    oracle: 'pubkey',
    kind: 'u8',
    nonce: 'u64',
    evidence_origin_hash: hash,
    evidence_index: 'u64',
  },
  MotionApplied: {
    network: 'pubkey',
    motion: 'pubkey',
    hotspot: 'pubkey',
    kind: 'u8',
    evidence_origin_hash: hash,
    evidence_index: 'u64',
    burned: 'u64',
    from_epoch: 'u64',
  },
  MotionClosed: { network: 'pubkey', motion: 'pubkey', opened_by: 'pubkey' },
  CreditsBought: { network: 'pubkey', owner: 'pubkey', credits: 'u64', burned: 'u64', from_epoch: 'u64' },
  CreditsAskedBack: { network: 'pubkey', owner: 'pubkey', credits: 'u64', from_epoch: 'u64' },
  CreditsSettled: {
    network: 'pubkey',
    owner: 'pubkey',
    settled_total: 'u64',
    withdrawn: 'u64',
    refunded: 'u64',
  },
};

const source = (file: string): string => readFileSync(new URL(`./src/${file}`, import.meta.url), 'utf8');
const address = /declare_id!\("(\w+)"\)/.exec(source('lib.rs'))?.[1];
if (address === undefined) throw new Error('src/lib.rs declares no program id');
const errors = [...source('errors.rs').matchAll(/^ {4}(\w+) = "(.*)",$/gm)];
if (errors.length === 0) throw new Error('src/errors.rs has no errors');

const discriminator = (kind: string, name: string): readonly number[] => [
  ...createHash('sha256').update(`${kind}:${name}`).digest().subarray(0, 8),
];
const fields = (of: Fields): readonly unknown[] => Object.entries(of).map(([name, type]) => ({ name, type }));
const named = (kind: string, of: Readonly<Record<string, Fields>>): readonly unknown[] =>
  Object.keys(of).map((name) => ({ name, discriminator: discriminator(kind, name) }));

const idl = {
  address,
  metadata: { name: 'coverage', version: '0.1.0', spec: '0.1.0' },
  instructions: Object.entries(instructions).map(([name, { docs, accounts: taken, args }]) => ({
    name,
    docs: [docs],
    discriminator: discriminator('global', name),
    accounts: taken,
    args: fields(args),
  })),
  accounts: named('account', accounts),
  events: named('event', events),
  errors: errors.map(([, name, msg], i) => ({ code: 6000 + i, name, msg })),
  types: Object.entries({ ...structs, ...accounts, ...events }).map(([name, of]) => ({
    name,
    type: { kind: 'struct', fields: fields(of) },
  })),
};
const out = process.argv[2] ?? new URL('./idl.json', import.meta.url);
writeFileSync(out, JSON.stringify(idl, undefined, 2) + '\n');
