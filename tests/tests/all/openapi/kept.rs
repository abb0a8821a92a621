//! What the node keeps beside the log: asked for with signed queries.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comity_core::dataset::details_hash;
use comity_core::encoding::encode;
use comity_core::query::{Query, SignedQuery};
use comity_core::sealed::{Detail, Opening, Salt};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::driver::{Ask, Driver};
use super::every_kind::Cast;
use crate::harness::author::{Author, drawn, now};
use crate::harness::http::Answer;

const OPENING: &str = "/v1/sealed/{commitment}";
const TEXT: &str = "/v1/details/{hash}";

/// The header by which `by` asks for this.
fn signed(by: &Author, method: &str, path: &str, body: &[u8]) -> String {
    let query = Query {
        consortium: by.consortium,
        key: by.key.public(),
        method: method.parse().unwrap(),
        path: path.parse().unwrap(),
        body: hex::encode(Sha256::digest(body)).parse().unwrap(),
        made_at: now(),
    };
    let signature = by.key.sign_query(&query);
    let bytes = encode(&SignedQuery { query, signature });
    format!("authorization: Comity {}", STANDARD.encode(bytes))
}

fn ask_as(by: &Author, driver: &mut Driver<'_>, status: u16, ask: Ask<'_>) -> Answer {
    let path = match ask.named {
        [name] => format!("{}/{name}", ask.path.rsplit_once('/').unwrap().0),
        _ => ask.path.to_owned(),
    };
    let header = signed(by, ask.method, &path, ask.body);
    driver.ask(status, Ask { headers: &[&header], ..ask })
}

pub(super) fn sealed(driver: &mut Driver<'_>, cast: &Cast) {
    let (steward, gateway) = (&cast.steward, &cast.gateway);
    let text = "Case 2026-0417".parse().unwrap();
    let opening = Opening { detail: Detail::CaseNumber, salt: Salt(drawn()), text };
    let commitment = opening.commitment(&steward.consortium).to_string();
    let body = json!({ "openings": [opening] }).to_string();
    let keep = Ask { method: "POST", path: "/v1/sealed", body: body.as_bytes(), ..Ask::default() };
    driver.ask(401, keep);
    ask_as(&cast.officer, driver, 403, keep);
    ask_as(steward, driver, 400, Ask { body: b"{}", ..keep });
    let kept = ask_as(steward, driver, 200, keep).json();
    assert_eq!(kept["commitments"], json!([commitment]));
    let named = [commitment.as_str()];
    let read = Ask { method: "GET", path: OPENING, named: &named, ..Ask::default() };
    assert_eq!(ask_as(steward, driver, 200, read).json()["text"], "Case 2026-0417");
    ask_as(gateway, driver, 403, read);
    let other = "ab".repeat(32);
    ask_as(steward, driver, 404, Ask { named: &[&other], ..read });
    let body = json!({ "reason": "The case is closed" }).to_string();
    let erase = Ask { method: "DELETE", body: body.as_bytes(), ..read };
    ask_as(gateway, driver, 403, erase);
    ask_as(steward, driver, 200, erase);
    ask_as(steward, driver, 410, read);
    ask_as(steward, driver, 410, keep);
}

pub(super) fn details(driver: &mut Driver<'_>, cast: &Cast) {
    let text = "Every birth since 1950, with the district of registration.".as_bytes();
    let hash = details_hash(&cast.steward.consortium, text).to_string();
    let named = [hash.as_str()];
    let read = Ask { method: "GET", path: TEXT, named: &named, ..Ask::default() };
    driver.ask(404, read);
    let keep = Ask { method: "PUT", body: text, ..read };
    driver.ask(401, keep);
    ask_as(&cast.gateway, driver, 403, keep);
    ask_as(&cast.steward, driver, 400, Ask { body: b"another text", ..keep });
    ask_as(&cast.steward, driver, 200, keep);
    assert_eq!(driver.ask(200, read).body, text);
}
