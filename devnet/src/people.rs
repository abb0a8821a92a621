//! The people of a devnet's agencies: who they are, where their keys lie, which node they ask.
//! May not enter: keys themselves.

use std::fmt;
use std::path::PathBuf;

use comity_core::text::AgencyId;

use crate::failure::DevnetError;
use crate::place::Place;
use crate::process::Program;
use crate::run::Task;
use crate::topology::{Node, Topology};

/// Someone of an agency, by role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// The agency.
    pub(crate) agency: AgencyId,
    /// The role, as in the name of the key's file.
    pub(crate) role: String,
}

impl Person {
    /// The agency's holder of a role.
    pub(crate) fn of(node: &Node, role: &str) -> Person {
        Person { agency: node.agency.clone(), role: role.to_owned() }
    }

    /// The name of the person's key file, which lies on the agency's desk.
    pub(crate) fn key_name(&self) -> String {
        format!("{}.key", self.role)
    }

    /// The person's key file.
    pub(crate) fn key_file(&self, place: &Place) -> PathBuf {
        place.desk(&self.agency).join(self.key_name())
    }

    /// A command of `comity` that the person runs at the agency's desk, asking the agency's node.
    pub(crate) fn task(&self, place: &Place, node: &Node, args: &[&str]) -> Task {
        let desk = place.desk(&self.agency);
        Task::new(Program::Comity, args, &desk).with("COMITY_NODE", node.url())
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.role, self.agency)
    }
}

/// Who is meant by `civil.th` or `civil.th/officer`: the agency's node, and the key file where a
/// role is named. Errors: `NoSuchAgency`, `NoSuchKey`.
pub(crate) fn find<'a>(
    who: &str,
    place: &Place,
    topology: &'a Topology,
) -> Result<(&'a Node, Option<PathBuf>), DevnetError> {
    let (agency, role) = match who.split_once('/') {
        Some((agency, role)) => (agency, Some(role)),
        None => (who, None),
    };
    let Some(node) = topology.nodes.iter().find(|node| node.agency.as_str() == agency) else {
        let known: Vec<&str> = topology.nodes.iter().map(|node| node.agency.as_str()).collect();
        return Err(DevnetError::NoSuchAgency(agency.to_owned(), known.join(", ")));
    };
    let Some(role) = role else { return Ok((node, None)) };
    let path = Person::of(node, role).key_file(place);
    if role.contains('/') || !path.is_file() {
        return Err(DevnetError::NoSuchKey { who: who.to_owned(), path });
    }
    Ok((node, Some(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Purpose;

    #[test]
    fn people_are_found_by_agency_and_role() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place::create(&temp.path().join("devnet")).unwrap();
        let (topology, _) = Topology::new(2, Purpose::Work).unwrap();
        let officer = Person::of(&topology.nodes[1], "officer");
        place.make_dir(&place.desk(&officer.agency)).unwrap();
        place.write(&officer.key_file(&place), b"{}").unwrap();
        let find = |who| find(who, &place, &topology);
        assert_eq!(find("data.gd").unwrap(), (&topology.nodes[0], None));
        let found = find("health.gz/officer").unwrap();
        assert_eq!(found, (&topology.nodes[1], Some(officer.key_file(&place))));
        assert!(matches!(find("health.gz/steward"), Err(DevnetError::NoSuchKey { .. })));
        assert!(matches!(find("nobody.gz"), Err(DevnetError::NoSuchAgency(..))));
        assert_eq!(officer.to_string(), "officer@health.gz");
    }
}
