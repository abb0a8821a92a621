//! The engine's view of our types: its associated types, each a thin wrapper.
//! Holds: what the engine signs and verifies is exactly the core's votes and proposals.
//! May not enter: decisions.

use std::fmt;
use std::sync::Arc;

use comity_core::hash::HeaderHash;
use comity_core::ids;
use comity_core::keys::{PublicKey, SecretKey, Signature};
use comity_core::validators::ValidatorSet;
use comity_core::vote::{Proposal as CoreProposal, Vote as CoreVote, VoteKind};
use malachite_types::{
    Address, Context, Height, LinearTimeouts, NilOrVal, Proposal, ProposalPart, Round,
    SignedExtension, SigningScheme, Validator, Value, Vote, VoteType,
};

/// Who a validator is to the engine: its key's bytes. An observer's are zeros, which no key has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Addr(pub(crate) [u8; 32]);

impl Addr {
    pub(crate) const OBSERVER: Addr = Addr([0; 32]);
}

impl From<PublicKey> for Addr {
    fn from(key: PublicKey) -> Self {
        Addr(*key.as_bytes())
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..6].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Address for Addr {}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EngineHeight(pub(crate) u64);

impl From<ids::Height> for EngineHeight {
    fn from(height: ids::Height) -> Self {
        EngineHeight(height.0)
    }
}

impl fmt::Display for EngineHeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Height for EngineHeight {
    const ZERO: Self = EngineHeight(0);
    const INITIAL: Self = EngineHeight(1);

    fn increment_by(&self, n: u64) -> Self {
        EngineHeight(self.0 + n)
    }
    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(EngineHeight)
    }
    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// What is decided: a block, by its header hash. Its body travels beside the votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockId(pub(crate) HeaderHash);

impl Value for BlockId {
    type Id = HeaderHash;
    fn id(&self) -> HeaderHash {
        self.0
    }
}

/// The engine's own streaming of values is not used; the type is asked for all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoPart;

impl ProposalPart<Ctx> for NoPart {
    fn is_first(&self) -> bool {
        true
    }
    fn is_last(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StrictEd25519;

/// Bytes that are no key or signature of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BadLength;

impl fmt::Display for BadLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the bytes of an Ed25519 key or signature")
    }
}

impl SigningScheme for StrictEd25519 {
    type DecodingError = BadLength;
    type Signature = Signature;
    type PublicKey = PublicKey;
    type PrivateKey = SecretKey;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, BadLength> {
        bytes.try_into().map(Signature).map_err(|_| BadLength)
    }
    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.to_vec()
    }
    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, BadLength> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| BadLength)?;
        PublicKey::try_from(bytes).map_err(|_| BadLength)
    }
    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.as_bytes().to_vec()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineProposal {
    pub(crate) height: EngineHeight,
    pub(crate) round: Round,
    pub(crate) value: BlockId,
    pub(crate) polka_round: Round,
    pub(crate) address: Addr,
}

impl Proposal<Ctx> for EngineProposal {
    fn height(&self) -> EngineHeight {
        self.height
    }
    fn round(&self) -> Round {
        self.round
    }
    fn value(&self) -> &BlockId {
        &self.value
    }
    fn take_value(self) -> BlockId {
        self.value
    }
    fn pol_round(&self) -> Round {
        self.polka_round
    }
    fn validator_address(&self) -> &Addr {
        &self.address
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineVote {
    pub(crate) kind: VoteType,
    pub(crate) height: EngineHeight,
    pub(crate) round: Round,
    pub(crate) value: NilOrVal<HeaderHash>,
    pub(crate) address: Addr,
}

impl Vote<Ctx> for EngineVote {
    fn height(&self) -> EngineHeight {
        self.height
    }
    fn round(&self) -> Round {
        self.round
    }
    fn value(&self) -> &NilOrVal<HeaderHash> {
        &self.value
    }
    fn take_value(self) -> NilOrVal<HeaderHash> {
        self.value
    }
    fn vote_type(&self) -> VoteType {
        self.kind
    }
    fn validator_address(&self) -> &Addr {
        &self.address
    }
    fn extension(&self) -> Option<&SignedExtension<Ctx>> {
        None
    }
    fn take_extension(&mut self) -> Option<SignedExtension<Ctx>> {
        None
    }
    fn extend(self, _extension: SignedExtension<Ctx>) -> Self {
        self
    }
}

/// A round of the engine as a number; `None` is "no round".
pub(crate) fn round_number(round: Round) -> Option<u32> {
    round.as_u32()
}

/// The core's vote; `None` where the engine's names no round or no real key, which it never does
/// for a vote that it received or cast.
pub(crate) fn core_vote(vote: &EngineVote) -> Option<CoreVote> {
    Some(CoreVote {
        kind: match vote.kind {
            VoteType::Prevote => VoteKind::Prevote,
            VoteType::Precommit => VoteKind::Precommit,
        },
        height: ids::Height(vote.height.0),
        round: round_number(vote.round)?,
        value: match vote.value {
            NilOrVal::Nil => None,
            NilOrVal::Val(hash) => Some(hash),
        },
        validator: PublicKey::try_from(vote.address.0).ok()?,
    })
}

/// The core's proposal; `None` as for [`core_vote`].
pub(crate) fn core_proposal(proposal: &EngineProposal) -> Option<CoreProposal> {
    Some(CoreProposal {
        height: ids::Height(proposal.height.0),
        round: round_number(proposal.round)?,
        value: proposal.value.0,
        polka_round: round_number(proposal.polka_round),
        validator: PublicKey::try_from(proposal.address.0).ok()?,
    })
}

pub(crate) fn engine_vote(vote: &CoreVote) -> EngineVote {
    EngineVote {
        kind: match vote.kind {
            VoteKind::Prevote => VoteType::Prevote,
            VoteKind::Precommit => VoteType::Precommit,
        },
        height: vote.height.into(),
        round: Round::new(vote.round),
        value: vote.value.map_or(NilOrVal::Nil, NilOrVal::Val),
        address: vote.validator.into(),
    }
}

pub(crate) fn engine_proposal(proposal: &CoreProposal) -> EngineProposal {
    EngineProposal {
        height: proposal.height.into(),
        round: Round::new(proposal.round),
        value: BlockId(proposal.value),
        polka_round: proposal.polka_round.map_or(Round::Nil, Round::new),
        address: proposal.validator.into(),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineValidator {
    pub(crate) address: Addr,
    pub(crate) key: PublicKey,
    pub(crate) power: u64,
}

impl Validator<Ctx> for EngineValidator {
    fn address(&self) -> &Addr {
        &self.address
    }
    fn public_key(&self) -> &PublicKey {
        &self.key
    }
    fn voting_power(&self) -> u64 {
        self.power
    }
}

/// A validator set in the core's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineSet {
    pub(crate) set: Arc<ValidatorSet>,
    members: Arc<Vec<EngineValidator>>,
}

impl EngineSet {
    pub(crate) fn new(set: &ValidatorSet) -> Self {
        let members = set.members().iter().map(|validator| EngineValidator {
            address: validator.key.into(),
            key: validator.key,
            power: validator.power,
        });
        EngineSet { set: Arc::new(set.clone()), members: Arc::new(members.collect()) }
    }
}

impl malachite_types::ValidatorSet<Ctx> for EngineSet {
    fn count(&self) -> usize {
        self.members.len()
    }
    fn total_voting_power(&self) -> u64 {
        self.set.total_power()
    }
    fn get_by_address(&self, address: &Addr) -> Option<&EngineValidator> {
        self.members.iter().find(|member| member.address == *address)
    }
    fn get_by_index(&self, index: usize) -> Option<&EngineValidator> {
        self.members.get(index)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ctx;

impl Context for Ctx {
    type Address = Addr;
    type Height = EngineHeight;
    type ProposalPart = NoPart;
    type Proposal = EngineProposal;
    type Validator = EngineValidator;
    type ValidatorSet = EngineSet;
    type Timeouts = LinearTimeouts;
    type Value = BlockId;
    type Vote = EngineVote;
    type Extension = ();
    type SigningScheme = StrictEd25519;

    fn select_proposer<'a>(
        &self,
        set: &'a EngineSet,
        height: EngineHeight,
        round: Round,
    ) -> &'a EngineValidator {
        let round = round_number(round).unwrap_or(0);
        let key = set.set.select(ids::Height(height.0), round).key;
        match set.members.iter().find(|member| member.key == key) {
            Some(member) => member,
            None => unreachable!("the selected validator is a member of its own set"),
        }
    }

    fn new_proposal(
        &self,
        height: EngineHeight,
        round: Round,
        value: BlockId,
        polka_round: Round,
        address: Addr,
    ) -> EngineProposal {
        EngineProposal { height, round, value, polka_round, address }
    }

    fn new_prevote(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<HeaderHash>,
        address: Addr,
    ) -> EngineVote {
        EngineVote { kind: VoteType::Prevote, height, round, value, address }
    }

    fn new_precommit(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<HeaderHash>,
        address: Addr,
    ) -> EngineVote {
        EngineVote { kind: VoteType::Precommit, height, round, value, address }
    }
}
