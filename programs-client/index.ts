export { PROGRAM_ID } from './idl.ts';
export { signedAttestations, type SignedAttestation } from './attestation.ts';
export { CLIENT_ERRORS, ClientError, type ClientErrorCode } from './client-error.ts';
export { PROGRAM_ERRORS, programErrorOf, type ProgramError } from './program-error.ts';
export {
  ballotAddress,
  creditsAddress,
  hotspotAddress,
  ledgerAddress,
  makerAddress,
  mintAddress,
  motionAddress,
  networkAddress,
  payeeAddress,
  tokenAccountAddress,
  vaultAddress,
  type EvidencePlace,
  type MotionKind,
  type MotionName,
} from './address.ts';
export { type KeyNetwork } from './hotspot-key.ts';

export { accountFilters, type AccountName, type AtSlot, type ReadOptions } from './accounts/account.ts';
export {
  ballotOracles,
  decodeBallot,
  liveVotes,
  readBallot,
  type Ballot,
  type Vote,
} from './accounts/ballot.ts';
export { readClock, type Clock } from './accounts/clock.ts';
export { decodeCredits, readAllCredits, readCredits, type Credits } from './accounts/credits.ts';
export {
  decodeHotspot,
  readHotspot,
  readHotspots,
  type Hotspot,
  type KeyedNetwork,
} from './accounts/hotspot.ts';
export { readLedger, type Ledger } from './accounts/ledger.ts';
export { readMaker, readMakers, type Maker } from './accounts/maker.ts';
export {
  decodeMotion,
  isMotionOpen,
  readMotion,
  readMotions,
  votersFor,
  type Motion,
} from './accounts/motion.ts';
export {
  decodeNetwork,
  guardianAt,
  oraclesAt,
  policyAt,
  readNetwork,
  type FinalizedEpoch,
  type Network,
  type OracleSet,
  type PolicyPin,
} from './accounts/network.ts';
export { readSettlement, type Settlement } from './accounts/settlement.ts';
export { readPayee, readPayees, type Payee } from './accounts/payee.ts';
export { readTokenBalance, readTokenSupply, readVaultBalance } from './accounts/token.ts';

export { assertLocation } from './instructions/assert-location.ts';
export { bond, unbond, withdrawBond } from './instructions/bond.ts';
export { claim, createTokenAccount } from './instructions/claim.ts';
export { createNetwork, type NetworkConfig } from './instructions/create-network.ts';
export { createPayee } from './instructions/create-payee.ts';
export { buyCredits, creditsCost, settleCredits, withdrawCredits } from './instructions/credits.ts';
export { attest, finalize, veto } from './instructions/epoch.ts';
export { setDestination, transferHotspot } from './instructions/hotspot-owner.ts';
export { type Location } from './instructions/location.ts';
export { approveMaker, endorseHotspot, endorsedEntry, setEndorsedRoot } from './instructions/maker.ts';
export { applyMotion, closeMotion, move } from './instructions/motion.ts';
export { proposePolicy } from './instructions/propose-policy.ts';
export { registerHotspot } from './instructions/register/register-hotspot.ts';
export { registerMessage } from './instructions/register/register-message.ts';
export { signaturePrecompile } from './instructions/register/signature-precompile.ts';
export {
  acceptAuthority,
  applyOracles,
  proposeOracles,
  setGuardian,
  transferAuthority,
} from './instructions/succession.ts';

export {
  attestationsOf,
  eventsOf,
  type Attested,
  type Claimed,
  type CoverageEvent,
  type Ripened,
} from './event.ts';
export { deployProgram, isDeployed, type DeployInput } from './transaction/deploy.ts';
export { settlementInstructions, type SettlementInstruction } from './transaction/landed.ts';
export { sendInstructions, type SendInput, type Sent } from './transaction/send.ts';
