//! What the others' nodes run, as far as they say so.
//! Holds: what differs is for people to know, and no fault: rules come into force by a vote, not by a program.

use std::collections::BTreeSet;

use comity_core::text::AgencyId;

use super::finding::Finding;

/// What this node says of itself on the network is `own`; what members in contact say, `said`.
pub(super) fn look(own: &str, said: &BTreeSet<(AgencyId, String)>) -> Finding {
    let others: Vec<String> = said
        .iter()
        .filter(|(_, software)| software != own)
        .map(|(agency, software)| format!("{agency} {software}"))
        .collect();
    if others.is_empty() {
        let found = format!("this node and the {} members in contact run {own}", said.len());
        return Finding::fine("versions", found);
    }
    Finding::warning(
        "versions",
        format!("this node runs {own}; others: {}", others.join(", ")),
        "nothing at once: they work together as long as each knows the rules in force. Bring all to \
         the newest, one node after the other (docs/operations.md, \"Upgrade\")",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_with_another_version_are_named() {
        let said = |agency: &str, software: &str| (agency.parse().unwrap(), software.to_owned());
        let same =
            BTreeSet::from([said("health.gd", "comity/1.2.0"), said("tax.gd", "comity/1.2.0")]);
        let found = json!(look("comity/1.2.0", &same));
        assert_eq!(found["level"], "fine");
        let mut differing = same;
        differing.insert(said("civil.gd", "comity/1.3.0"));
        let found = json!(look("comity/1.2.0", &differing));
        assert_eq!(found["level"], "warning");
        assert_eq!(found["found"], "this node runs comity/1.2.0; others: civil.gd comity/1.3.0");
    }
}
