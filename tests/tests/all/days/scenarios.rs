//! Seven stories of offices that work together, as the pages of `docs/scenarios/` tell them.
//! Holds: what a page shows is what is to be seen; what must be true whatever the words, is
//! demanded beside.
//! May not enter: acts that belong to a story and that its page does not give.

use std::fs;

use comity_core::checkpoint::{Checkpoint, origin};
use comity_core::key_file::KeyFile;
use comity_core::note::{Note, NoteKey, NoteKind};

use super::day::Day;

/// A dataset before it is published: id, title, how it is shared, more lines, its items.
struct Offer {
    id: &'static str,
    title: &'static str,
    sharing: &'static str,
    more: &'static str,
    items: &'static [&'static str],
}

impl Offer {
    fn describe(&self) -> String {
        let Offer { id, title, sharing, more, items } = self;
        let agency = id.split('/').next().unwrap();
        let mut text = format!(
            "id = \"{id}\"\ntitle = \"{title}\"\nsharing = \"{sharing}\"\nopenness = \"closed\"\n\
             grade = \"general\"\nmodes = [\"verify\", \"query\"]\ncontact = \"Data office of \
             {agency}\"\n{more}"
        );
        for item in *items {
            text += &format!("[[items]]\nname = \"{item}\"\nkind = \"text\"\n");
        }
        text
    }
}

/// On one's own application only, as most registers of persons are shared.
const ON_APPLICATION: &str = "conditions = \"For the matter of the person who applies\"\n";

const BIRTHS: Offer = Offer {
    id: "health.gz/birth-certificates",
    title: "Birth certificates 出生医学证明",
    sharing: "conditional",
    more: ON_APPLICATION,
    items: &["number of the certificate", "date of birth"],
};
const MARRIAGES: Offer = Offer {
    id: "civil.gz/marriage-register",
    title: "Marriage register 婚姻登记",
    sharing: "unconditional",
    more: "",
    items: &["date of marriage", "spouse"],
};
const HOUSEHOLDS: Offer = Offer {
    id: "police.gz/household-register",
    title: "Household register 户籍登记",
    sharing: "conditional",
    more: ON_APPLICATION,
    items: &["members of the household", "address"],
};
const CARDS: Offer = Offer {
    id: "hrss.gz/social-security-cards",
    title: "Social security cards 社会保障卡",
    sharing: "unconditional",
    more: "",
    items: &["number of the card"],
};
const INSURED: Offer = Offer {
    id: "insurance.gz/insured-persons",
    title: "Persons insured 医保参保登记",
    sharing: "unconditional",
    more: "",
    items: &["kind of insurance", "insured since"],
};
const HOMES: Offer = Offer {
    id: "housing.gz/residence-permits",
    title: "Residence permits 居住登记",
    sharing: "unconditional",
    more: "",
    items: &["address", "resident since"],
};
const BUSINESSES: Offer = Offer {
    id: "tax.gd/business-register",
    title: "Businesses and what they declare 涉税经营主体",
    sharing: "conditional",
    more: "conditions = \"For the agency whose district the data came from\"\n",
    items: &["name of the business", "district", "turnover"],
};
const DISABLED: Offer = Offer {
    id: "health.gd/disability-register",
    title: "Disability register 残疾人登记",
    sharing: "conditional",
    more: "conditions = \"For the matter of the person who applies\"\nreliable = true\n",
    items: &["disability grade", "address"],
};
const RESIDENTS: Offer = Offer {
    id: "police.gd/residents-by-block",
    title: "Residents by block of houses 各网格常住人口数",
    sharing: "conditional",
    more: "conditions = \"For a census that the statistics office runs\"\n",
    items: &["block of houses", "number of residents"],
};

impl Day {
    /// An agency's data office: a steward, a gateway, and a dataset that is in the catalogue.
    fn offers(&self, offer: &Offer) {
        let agency = offer.id.split('/').next().unwrap();
        self.seat(&format!("steward@{agency}"), "data steward");
        self.seat(&format!("gateway@{agency}"), "exchange gateway 1");
        fs::write(self.desk(agency).join("dataset.toml"), offer.describe()).unwrap();
        self.stage(&format!("steward@{agency}"), "comity dataset publish dataset.toml");
    }

    /// Follows a page, and compares what is to be seen; all of `expected` is somewhere in it.
    fn tells(&mut self, page: &str, expected: &[&str]) {
        self.follow(&format!("docs/scenarios/{page}.md"));
        for seen in expected {
            assert!(self.seen().contains(seen), "{seen:?} is nowhere in\n{}", self.seen());
        }
        self.settle(&format!("scenarios/{page}"));
    }

    /// The same where everybody's computer speaks Chinese.
    fn tells_in_chinese(&mut self, page: &str, expected: &[&str]) {
        self.in_chinese();
        self.follow(&format!("docs/scenarios/{page}.md"));
        self.is_all_chinese();
        for seen in expected {
            assert!(self.seen().contains(seen), "{seen:?} is nowhere in\n{}", self.seen());
        }
        self.settle(&format!("scenarios/{page}.zh"));
    }

    /// Publishes the samples of matters and duty bases.
    fn publishes_codes(&self, authority: &str) {
        let samples = crate::harness::page::root().join("docs/samples");
        for list in ["matters.toml", "duty-bases.toml"] {
            fs::copy(samples.join(list), self.desk(authority).join(list)).unwrap();
            let steward = format!("steward@{authority}");
            self.stage(&steward, &format!("comity codes publish {list} --key steward.key"));
        }
    }

    /// Has the members of `voters` vote for what one of them proposes; returns the proposal.
    fn decided(&self, opener: &str, voters: &[&str], measure: &str) -> String {
        let open = format!("comity proposal open {measure} --key admin.key");
        let screen = self.stage(&format!("admin@{opener}"), &open);
        let id = screen.split("the proposal ").nth(1).and_then(|rest| rest.split(' ').next());
        let id = id.unwrap_or_else(|| panic!("no proposal in {screen}")).to_owned();
        for voter in voters {
            let vote = format!("comity proposal vote {id} for --key admin.key");
            self.stage(&format!("admin@{voter}"), &vote);
        }
        id
    }
}

/// Six departments with what a birth concerns, and a counter.
fn with_a_counter_for_families() -> Option<Day> {
    let agencies =
        ["data.gz", "civil.gz", "health.gz", "housing.gz", "hrss.gz", "insurance.gz", "police.gz"];
    let day = Day::among(&agencies)?;
    for offer in [&BIRTHS, &MARRIAGES, &HOUSEHOLDS, &CARDS, &INSURED, &HOMES] {
        day.offers(offer);
    }
    day.seat("officer@data.gz", "counter for families");
    Some(day)
}

#[test]
fn one_visit_after_a_birth_asks_six_departments() {
    let Some(mut day) = with_a_counter_for_families() else { return };
    day.tells("life-event", &["G20 is granted by rule", "G25", "6 opened"]);
}

#[test]
fn one_visit_after_a_birth_in_chinese() {
    let Some(mut day) = with_a_counter_for_families() else { return };
    day.tells_in_chinese("life-event", &["G20", "G25", "申请"]);
}

#[test]
fn data_that_a_county_gave_come_back_to_it_from_the_province() {
    let Some(mut day) = Day::among(&["data.gd", "data.gz", "panyu.gz", "tax.gd"]) else { return };
    day.offers(&BUSINESSES);
    day.seat("officer@data.gz", "data pool");
    day.seat("steward@data.gz", "data steward");
    day.seat("officer@panyu.gz", "economy desk");
    day.seat("steward@panyu.gz", "data steward");
    day.tells(
        "return-flow",
        &["G8, which refuses: grant-revoked", "data.gz passes", "panyu.gz loses G9"],
    );
}

#[test]
fn a_certificate_is_verified_in_the_place_of_being_handed_over() {
    let Some(mut day) = Day::among(&["data.gd", "civil.gz", "health.gd", "tax.cn"]) else { return };
    day.offers(&DISABLED);
    day.seat("officer@civil.gz", "assistance desk");
    let answer = "{\"disability grade\": \"confirmed\"}\n";
    fs::write(day.desk("health.gd").join("answer.json"), answer).unwrap();
    day.tells("certificate", &["Both sides say the same.", "needs no further"]);
}

/// Whoever declares emergencies and whoever reviews them, and a county whose line can be cut.
fn before_a_flood() -> Option<Day> {
    let agencies = ["data.gd", "audit.gd", "civil.gz", "health.gd", "panyu.gz"];
    let day = Day::on_cables(&agencies)?;
    day.seat("steward@data.gd", "duty office");
    day.publishes_codes("data.gd");
    day.offers(&DISABLED);
    day.seat("officer@civil.gz", "rescue coordination");
    day.seat("steward@civil.gz", "data steward");
    day.seat("officer@panyu.gz", "county duty desk");
    day.seat("steward@panyu.gz", "data steward");
    day.seat("steward@audit.gd", "audit office");
    let voters = ["audit.gd", "civil.gz", "health.gd"];
    for office in ["emergency-declarer data.gd", "emergency-reviewer audit.gd"] {
        day.decided("data.gd", &voters, &format!("appoint {office}"));
    }
    Some(day)
}

/// Between `cuts=` and `mends=` the page has the county's own acts; what they come to is seen after `mends=`.
#[test]
fn in_a_flood_data_go_without_a_grant_while_a_county_is_cut_off() {
    let Some(mut day) = before_a_flood() else { return };
    day.tells("flood", &["warranted"]);
    day.consortium.same_tip(&[0, 1, 2, 3, 4], 1);
}

#[test]
fn in_a_flood_what_is_seen_in_chinese() {
    let Some(mut day) = before_a_flood() else { return };
    day.tells_in_chinese("flood", &["应急共享"]);
}

#[test]
fn a_community_organisation_is_a_guest_for_a_census_and_leaves() {
    let Some(mut day) = Day::among(&["data.gd", "civil.gz", "police.gd", "stats.gd"]) else {
        return;
    };
    day.offers(&RESIDENTS);
    day.seat("steward@stats.gd", "data steward");
    let desk = day.desk("stats.gd");
    fs::copy(desk.join("steward.card.json"), desk.join("stats.card.json")).unwrap();
    day.receive("harbour.gz", "stats.gd");
    day.tells("census", &["Exit statement of harbour.gz"]);
}

/// A provider, who asks it, and the authority above them.
fn before_a_dispute() -> Option<Day> {
    let day = Day::among(&["data.gd", "civil.gz", "health.gd", "tax.cn"])?;
    day.offers(&DISABLED);
    day.seat("officer@civil.gz", "assistance desk");
    day.seat("steward@civil.gz", "data steward");
    day.seat("steward@data.gd", "data steward");
    Some(day)
}

#[test]
fn a_department_that_refuses_is_taken_through_a_dispute() {
    let Some(mut day) = before_a_dispute() else { return };
    day.tells("dispute", &["decided anew"]);
}

#[test]
fn a_dispute_in_chinese() {
    let Some(mut day) = before_a_dispute() else { return };
    day.tells_in_chinese("dispute", &["应当重新决定"]);
}

#[test]
fn a_contractor_goes_and_no_key_of_its_counts_any_longer() {
    let Some(mut day) = Day::among(&["data.gd", "civil.gz", "health.gd", "tax.cn"]) else { return };
    let measure = "change-operator tax.cn --operated-by 'Harbour Cloud'";
    day.decided("data.gd", &["civil.gz", "health.gd"], measure);
    day.seat("gateway@tax.cn", "exchange gateway 1");
    let digits = |day: &Day, file: &str| {
        let text = fs::read(day.desk("tax.cn").join(file)).unwrap();
        serde_json::from_slice::<KeyFile>(&text).unwrap().public_key.to_string()
    };
    let (admin, gateway) = (digits(&day, "admin.key"), digits(&day, "gateway.key"));
    day.tell("data.gd", "OLD", admin);
    day.tell("tax.cn", "GATEWAY", gateway);
    let before = day.consortium.nodes[3].identity();
    day.tells("operator-replaced", &["Delta Systems", "revoked"]);
    votes_and_signs_with_its_new_keys(&mut day, &before);
}

/// The last node is met under another identity, votes, and signs checkpoints with a key that was not
/// there when it started.
fn votes_and_signs_with_its_new_keys(day: &mut Day, identity_before: &str) {
    let origin = origin(&day.consortium.id());
    let node = &mut day.consortium.nodes[3];
    node.until_status("to vote with its new key", |status| status["voting"] == "active");
    let text = fs::read(node.file("keys/note.json")).unwrap();
    let key = serde_json::from_slice::<KeyFile>(&text).unwrap().public_key;
    let key = NoteKey::new(&origin, NoteKind::Ed25519, key).unwrap();
    node.until("to sign with its new note key", |api| {
        let answer = api.ask("GET /tlog/checkpoint", &[], b"").map_err(|e| e.to_string())?;
        let note = Note::parse(&answer.body).map_err(|error| error.to_string())?;
        Checkpoint::verify(&note, &key, &origin).map(|_| ()).map_err(|error| error.to_string())
    });
    assert!(node.file("keys/note.ended.json").exists(), "there was another one before");
    let log = node.log();
    let last = log.lines().rfind(|line| line.contains(" on the network")).unwrap();
    assert!(!last.contains(identity_before), "{last}");
}
