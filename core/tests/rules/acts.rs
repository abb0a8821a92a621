//! What people do beside granting and accessing: ask, answer, suspend, amend, publish codes.
//! Holds: each act is one signed record of the one who may do it.

use comity_core::agency::KeyRole;
use comity_core::codes::{CodeEntry, CodeList};
use comity_core::dataset::Dataset;
use comity_core::grant::GrantTerms;
use comity_core::ids::{DatasetId, GrantId, LogIndex, RequestId};
use comity_core::refusal::Refusal;
use comity_core::request::RequestTerms;
use comity_core::statement::{Action, VerifiedRecord};

use crate::story::{FINANCE, Story, dataset, dataset_id, terms, text};

/// The agency that publishes codes.
pub(crate) const AUTHORITY: &str = "audit.gd";

/// The requesting agency asks for exactly these terms.
pub(crate) fn asking(asked: GrantTerms) -> RequestTerms {
    RequestTerms { asked, once: false, needed_by: None, bundle: None }
}

/// Another dataset of the provider.
pub(crate) fn another() -> Dataset {
    Dataset { id: "civil.gd/marriages".parse().unwrap(), ..dataset() }
}

/// A code with a title.
pub(crate) fn entry(code: &str) -> CodeEntry {
    CodeEntry { code: code.parse().unwrap(), title: text("A title") }
}

impl Story {
    /// A record of the requesting agency's officer.
    pub(crate) fn officer(&mut self, action: Action) -> VerifiedRecord {
        self.record(FINANCE, KeyRole::Officer, action)
    }

    /// A record of the competent authority's steward.
    pub(crate) fn authority(&mut self, action: Action) -> VerifiedRecord {
        self.record(AUTHORITY, KeyRole::Steward, action)
    }

    /// Commits one record. Returns its index, or the rule that refuses it.
    pub(crate) fn attempted(&mut self, record: VerifiedRecord) -> Result<LogIndex, Refusal> {
        self.check(&record)?;
        Ok(self.commit(vec![record]))
    }

    /// The officer opens a request.
    pub(crate) fn open(&mut self, terms: RequestTerms) -> Result<RequestId, Refusal> {
        let record = self.officer(Action::OpenRequest { terms });
        self.attempted(record).map(RequestId)
    }

    /// The officer opens a request for the usual terms.
    pub(crate) fn opened(&mut self) -> RequestId {
        self.open(asking(terms())).unwrap()
    }

    /// The provider's steward approves a request.
    pub(crate) fn approve(
        &mut self,
        request: RequestId,
        terms: GrantTerms,
    ) -> Result<GrantId, Refusal> {
        let record = self.steward(Action::ApproveRequest { request, terms });
        self.attempted(record).map(GrantId)
    }

    /// The officer urges a reply.
    pub(crate) fn urge(&mut self, request: RequestId) -> Result<LogIndex, Refusal> {
        let record = self.officer(Action::UrgeRequest { request });
        self.attempted(record)
    }

    /// The provider's steward refuses a request.
    pub(crate) fn refusal(&mut self, request: RequestId) -> VerifiedRecord {
        let (legal_basis, reason) = (text("Act 12, art. 3"), text("Not for this purpose"));
        self.steward(Action::RefuseRequest { request, legal_basis, reason })
    }

    /// The officer takes a request back.
    pub(crate) fn taking_back(&mut self, request: RequestId) -> VerifiedRecord {
        self.officer(Action::WithdrawRequest { request, reason: text("no longer needed") })
    }

    /// The steward replaces a version of a dataset.
    pub(crate) fn amend(&mut self, dataset: Dataset, version: u32) -> Result<LogIndex, Refusal> {
        let record = self.steward(Action::AmendDataset { dataset, version });
        self.attempted(record)
    }

    /// The steward publishes a dataset, or publishes it again.
    pub(crate) fn publish_again(&mut self, dataset: Dataset) -> Result<LogIndex, Refusal> {
        let record = self.steward(Action::PublishDataset { dataset });
        self.attempted(record)
    }

    /// A withdrawal of the dataset.
    pub(crate) fn withdrawal(&mut self) -> VerifiedRecord {
        let reason = text("moved to another register");
        self.steward(Action::WithdrawDataset { dataset: dataset_id(), reason })
    }

    /// A suspension of the dataset.
    pub(crate) fn pause(&mut self) -> VerifiedRecord {
        let reason = text("under repair");
        self.steward(Action::SuspendDataset { dataset: dataset_id(), reason })
    }

    /// The end of the dataset's suspension.
    pub(crate) fn resumption(&mut self, dataset: DatasetId) -> VerifiedRecord {
        self.steward(Action::ResumeDataset { dataset })
    }

    /// A suspension of a grant.
    pub(crate) fn pause_grant(&mut self, grant: GrantId) -> VerifiedRecord {
        self.steward(Action::SuspendGrant { grant, reason: text("under review") })
    }

    /// The end of a grant's suspension.
    pub(crate) fn resume_grant(&mut self, grant: GrantId) -> VerifiedRecord {
        self.steward(Action::ResumeGrant { grant })
    }

    /// A publication of codes.
    pub(crate) fn listing(&mut self, list: CodeList, codes: Vec<CodeEntry>) -> VerifiedRecord {
        self.authority(Action::PublishCodes { list, codes })
    }

    /// A withdrawal of a code.
    pub(crate) fn delisting(&mut self, list: CodeList, code: &str) -> VerifiedRecord {
        let (code, reason) = (code.parse().unwrap(), text("repealed"));
        self.authority(Action::WithdrawCode { list, code, reason })
    }
}
