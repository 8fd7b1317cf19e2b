//! Every refusal has a code and a sentence. Append only: clients and logs know the numbers.
use pinocchio::error::ProgramError;

macro_rules! errors {
    ($($name:ident = $text:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum CoverageError { FirstMinusOne = 5999, $($name,)* }

        /// Names and sentences in the order of their codes, from 6000; the IDL is held against it.
        pub const ERRORS: &[(&str, &str)] = &[$((stringify!($name), $text),)*];
    };
}

errors! {
    UnknownInstruction = "The instruction data does not begin with the discriminator of an instruction.",
    MalformedArguments = "The arguments are truncated, too long or out of their type's range.",
    AccountsMissing = "Fewer accounts were given than the instruction takes.",
    SignerMissing = "An account that must sign did not sign.",
    AccountReadOnly = "An account that must be writable was given read-only.",
    WrongProgram = "A program or sysvar account is not the expected one.",
    WrongOwner = "An account is not owned by the expected program.",
    WrongDiscriminator = "An account is of another type than expected.",
    WrongVersion = "An account has a layout version that this program does not know.",
    WrongLength = "An account's data has another length than its type.",
    WrongAddress = "An account's address is not the address of its seeds.",
    WrongNetwork = "An account or a tuple belongs to another network.",
    AlreadyCreated = "The account exists already.",
    OutOfRange = "A result leaves the range of its type.",
    InvalidKeyNetwork = "The key network must be 0x00 or 0x10.",
    InvalidOracleSet = "An oracle set has 1 to 16 distinct non-zero keys and a threshold above half of them.",
    InvalidEpochLength = "An epoch must last at least one second.",
    InvalidFirstEpochStart = "The first epoch's start must be later than Unix time 0.",
    InvalidChallengeDelay = "Four challenge delays must fit into one epoch.",
    InvalidPolicy = "The policy hash must not be zero.",
    InvalidKeyType = "The key type must be 0 (P-256) or 1 (ed25519).",
    MissingHotspotSignature = "The instruction before must be the signature precompile of the key's type with one signature, complete in itself.",
    WrongHotspotKey = "The signature precompile verified another key.",
    WrongKeyNetwork = "The key in the signed message belongs to another key network.",
    WrongMessage = "The signed message must be the 105-byte add_gateway message of this owner, key and network.",
    InvalidCell = "The cell must be a valid H3 index of resolution 12.",
    InvalidGain = "The gain must be 0 to 150 tenths of a dBi.",
    InvalidElevation = "The elevation must be -500 to 9000 metres.",
    InvalidMode = "The mode must be 1 (full) or 2 (data only).",
    RegistryBusy = "The value to be replaced is still in force in an epoch that is not finalized.",
    NotTheOwner = "Only the hotspot's owner may do this.",
    NotTheAuthority = "Only the network's authority may do this.",
    NotTheMaker = "Only the maker's own key may do this.",
    MakerNotApproved = "The maker is not approved by the network's authority.",
    ProofTooLong = "A proof has at most 20 hashes.",
    InvalidEndorsementProof = "The proof does not lead from the hotspot's key to the maker's endorsed root.",
    AlreadyEndorsed = "The hotspot is endorsed already.",
    NotAnOracle = "The signer is not in the oracle set in force.",
    EpochNotEnded = "The epoch has not ended.",
    EpochNotLater = "The epoch is not later than the latest finalized one.",
    WrongParent = "The parent tuple hash is not the latest finalized tuple's.",
    WrongPolicy = "The policy hash is not the one in force for the epoch.",
    VotesFrozen = "A tuple is ripe: votes for another one do not count until it is finalized or vetoed.",
    NothingRipe = "No tuple is ripe.",
    NotTheRipeTuple = "The tuple is not the ripe one.",
    ChallengeDelayRuns = "The challenge delay of the ripe tuple is not over.",
    LeafCountFell = "The leaf count must not fall.",
    TotalFell = "The cumulative total must not fall.",
    GrowthAboveEmissions = "The cumulative total grows by more than the emissions of the epochs that may be paid.",
    RootChangedWithoutGrowth = "An equal cumulative total needs an equal root and leaf count.",
    NothingFinalized = "No epoch is finalized yet.",
    InvalidClaimProof = "The proof does not lead from the leaf to the latest finalized root.",
    ClaimsAboveTotal = "Claims would exceed the latest finalized cumulative total.",
    WrongDestination = "The token account must be the associated one of the destination, owned by it, for the network's mint.",
    DestinationMissing = "The destination's associated token account does not exist.",
    AccountRepeated = "The same account was given in two places that must differ.",
    InvalidOwner = "A hotspot's new owner must not be the zero address.",
    Quarantined = "The hotspot is quarantined: its bond is taken, and it can have none until it is released.",
    NoBondedTier = "The network's bond is zero: it has no tier bonded.",
    AlreadyBonded = "The hotspot is bonded already.",
    NotBonded = "The hotspot is not bonded.",
    WrongSource = "The token account must be the associated one of the owner, owned by it, for the network's mint.",
    BondNotCovered = "The owner's associated token account does not exist or holds less than the network's bond.",
    NothingUnbonding = "No bond was asked back, or it is paid already.",
    BondNotFree = "The bond that was asked back is not free yet.",
    InvalidMotion = "A motion's kind must be 1 (quarantine) or 2 (release).",
    StatusAlreadySet = "The hotspot has the status that the motion asks for.",
    MotionNotOpen = "The motion's nonce is not the number of motions applied to the hotspot, or the motion has lapsed.",
    MotionOpen = "The motion is open: it cannot be closed.",
    MotionNotCarried = "Fewer oracles of the set in force than its threshold are for the motion.",
    WrongSubject = "The motion is about another hotspot.",
    WrongOpener = "The rent goes back to who opened the motion, and to nobody else.",
    PolicyPending = "A policy is pending; the next can be proposed when it is the network's policy.",
    PolicyTooEarly = "A policy's first epoch must begin after now and not before the timelock is over.",
    TimelockRuns = "The timelock of what is pending is not over.",
    NoOraclesPending = "No oracle set is pending.",
    OraclesNotApplied = "The pending oracle set is in force: it must be applied before another is proposed.",
    TupleRipe = "A tuple is ripe: it must be finalized or vetoed under the oracle set that voted for it.",
    NotThePendingAuthority = "Only the pending authority may take the authority over.",
    MayNotVeto = "Only the guardian in force or an oracle of the set that may vote now may veto.",
    GuardianVetoesSpent = "The guardian has no veto left until the next epoch is final.",
    NoCredits = "A number of credits must be at least one.",
    NoCreditPrice = "The policy in force has no credit price.",
    CostAboveMaximum = "The credits cost more tokens than the maximum that was given.",
    CreditsNotCovered = "The owner's associated token account does not exist or holds less than the credits cost.",
    WithdrawalPending = "Credits were asked back that are not paid yet: one withdrawal at a time.",
    CreditsNotFree = "More credits were asked back than are in force and not settled.",
    InvalidCreditsProof = "The proof does not lead from the owner's settled total to the latest finalized credits root.",
}

impl From<CoverageError> for ProgramError {
    fn from(error: CoverageError) -> Self {
        ProgramError::Custom(error as u32)
    }
}
