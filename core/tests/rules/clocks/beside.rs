//! Every duty that there ever was in a story, as the core tells it and as the log does.

use comity_core::duty::{self, Duty};
use comity_core::ids::{
    AssessmentId, CheckId, DisputeId, DrawId, EmergencyId, FindingId, GrantId, IncidentId,
    LogIndex, RequestId,
};
use comity_core::state;

use super::Clocked;
use super::reader::Owed;
use crate::story::dataset_id;

/// An object, with its duties by the core and by the log.
type Beside = (String, Vec<Duty>, Vec<Owed>);

impl Clocked {
    pub(super) fn duties(&self) -> Vec<Beside> {
        let (ledger, reader) = (&self.story.ledger, &self.reader);
        let published = state::dataset(ledger, &dataset_id()).unwrap();
        let mut all =
            vec![("dataset".into(), duty::of_dataset(ledger, &published), reader.of_dataset())];
        for id in reader.requests.keys() {
            let request = state::request(ledger, RequestId(LogIndex(*id))).unwrap();
            let duties = duty::of_request(ledger, &request);
            all.push((format!("R{id}"), duties, reader.of_request(*id)));
        }
        for id in reader.grants.keys() {
            let grant = state::grant(ledger, GrantId(LogIndex(*id))).unwrap();
            all.push((format!("G{id}"), duty::of_grant(ledger, &grant), reader.of_grant(*id)));
        }
        self.of_contested(&mut all);
        self.of_watched(&mut all);
        all
    }

    fn of_contested(&self, all: &mut Vec<Beside>) {
        let (ledger, reader) = (&self.story.ledger, &self.reader);
        for id in reader.contested.checks.keys() {
            let check = state::check_request(ledger, CheckId(LogIndex(*id))).unwrap();
            all.push((format!("check {id}"), duty::of_check(ledger, &check), reader.of_check(*id)));
        }
        for id in reader.contested.disputes.keys() {
            let dispute = state::dispute(ledger, DisputeId(LogIndex(*id))).unwrap();
            let duties = duty::of_dispute(ledger, &dispute);
            all.push((format!("dispute {id}"), duties, reader.of_dispute(*id)));
        }
        for id in reader.contested.incidents.keys() {
            let incident = state::incident(ledger, IncidentId(LogIndex(*id))).unwrap();
            let duties = duty::of_incident(ledger, &incident);
            all.push((format!("incident {id}"), duties, reader.of_incident(*id)));
        }
    }

    fn of_watched(&self, all: &mut Vec<Beside>) {
        let (ledger, reader) = (&self.story.ledger, &self.reader);
        for (id, urgent) in &reader.watched.emergencies {
            let key = EmergencyId(LogIndex(*id));
            let emergency = state::emergency(ledger, key).unwrap();
            let duties = duty::of_emergency(ledger, &emergency);
            all.push((format!("emergency {id}"), duties, reader.of_emergency(*id)));
            for access in urgent.accesses.keys() {
                let at = LogIndex(*access);
                let recorded = state::emergency_access(ledger, key, at).unwrap();
                let owed = duty::of_emergency_access(ledger, key, at, &recorded);
                let object = format!("access {access} in emergency {id}");
                let duties = owed.into_iter().collect();
                all.push((object, duties, reader.of_emergency_access(*id, *access)));
            }
        }
        for id in reader.watched.draws.keys() {
            let draw = state::draw(ledger, DrawId(LogIndex(*id))).unwrap();
            all.push((format!("draw {id}"), duty::of_draw(ledger, &draw), reader.of_draw(*id)));
        }
        for id in reader.watched.findings.keys() {
            let finding = state::finding(ledger, FindingId(LogIndex(*id))).unwrap();
            let duties = duty::of_finding(ledger, &finding);
            all.push((format!("finding {id}"), duties, reader.of_finding(*id)));
        }
        for id in reader.watched.assessments.keys() {
            let assessment = state::assessment(ledger, AssessmentId(LogIndex(*id))).unwrap();
            let duties = duty::of_assessment(ledger, &assessment);
            all.push((format!("assessment {id}"), duties, reader.of_assessment(*id)));
        }
    }
}
