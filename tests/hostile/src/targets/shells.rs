//! What the shells read: frames of connections, requests of HTTP, settings, catalogues.

use std::path::Path;

use comity_cli::reading::{catalogue as entries, kept};
use comity_core::dataset::MAX_DETAILS_BYTES;
use comity_core::sealed::Opening;
use comity_core::text::Text;
use comity_node::config::Config;
use comity_node::http::reading;
use comity_node::network::wire;
use comity_replica::message::{MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES};

use crate::lab::{Lab, lab};

/// The bytes of a stream or of a gossip message. The first byte chooses: a request, a response, or gossip
/// on either topic.
pub fn frame(data: &[u8]) {
    let Some((kind, stream)) = data.split_first() else { return };
    let (records, consensus) = topics();
    match kind % 4 {
        0 => {
            if let Ok(request) = wire::request(stream) {
                let sent = wire::request_bytes(request).expect("what was read can be sent");
                assert!(sent.len() <= 4 + MAX_REQUEST_BYTES);
                assert!(
                    stream.starts_with(&sent),
                    "a request is read from other bytes than its own"
                );
            }
        }
        1 => {
            if let Ok(response) = wire::response(stream) {
                let bytes = response.to_bytes();
                assert!(bytes.len() <= MAX_RESPONSE_BYTES);
                assert_eq!(stream.get(4..4 + bytes.len()), Some(&bytes[..]));
            }
        }
        chosen => {
            let (right, wrong) =
                if chosen == 2 { (records, consensus) } else { (consensus, records) };
            let consortium = &lab().consortium;
            if let Some(message) = wire::gossip(consortium, &right, stream) {
                let attempt = stream.first_chunk::<4>().expect("an attempt goes before a message");
                let (topic, sent) =
                    wire::gossip_bytes(consortium, &message, u32::from_le_bytes(*attempt));
                assert_eq!((topic, sent.as_slice()), (right, stream));
                assert_eq!(wire::gossip(consortium, &wrong, stream), None, "it is on both topics");
            }
            assert_eq!(wire::gossip(consortium, "another topic", stream), None);
        }
    }
}

/// The topics' names: of records, and of all else.
fn topics() -> (String, String) {
    let name = |message| wire::gossip_bytes(&lab().consortium, message, 0).0;
    use comity_replica::message::Gossip;
    let is_records = |message: &&Gossip| matches!(message, Gossip::Records(_));
    let records = Gossip::Records(Vec::new());
    let other = lab().gossip.iter().find(|message| !is_records(message));
    (name(&records), other.map(name).unwrap_or_default())
}

/// What HTTP brings: a query, an `Authorization` header, openings, an erasure. The first byte chooses.
pub fn http(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 4 {
        0 => {
            if let Ok(text) = std::str::from_utf8(rest)
                && let Some(Err(reason)) = reading::query(text)
            {
                assert!(!reason.is_empty());
            }
        }
        1 => {
            if let Some(query) = reading::authorization(rest) {
                assert!(query.verify().is_err(), "nobody here signed a query");
            }
        }
        2 => match reading::openings(rest) {
            Ok(openings) => {
                let ids = |all: &[Opening]| -> Vec<_> {
                    all.iter().map(|one| one.commitment(&lab().consortium)).collect()
                };
                let text = serde_json::to_string(&openings).expect("what was read can be written");
                let again: Vec<Opening> = serde_json::from_str(&text).expect("and read");
                assert_eq!(ids(&again), ids(&openings));
            }
            // What is to be sealed is in no message, and so in no log.
            Err(reason) => assert!(reason.contains("line") && !quotes(&reason, rest)),
        },
        _ => {
            if let Err(reason) = reading::erasure(rest) {
                assert!(!quotes(&reason, rest), "{reason}");
            }
        }
    }
}

/// Whether a reason has a long run of a body in it.
fn quotes(reason: &str, body: &[u8]) -> bool {
    let own = "the body is not the JSON that belongs here (line , column ); nothing was kept or erased. \
               docs/api.md shows it";
    let runs = body.windows(12).filter_map(|run| std::str::from_utf8(run).ok());
    runs.into_iter().any(|run| reason.contains(run) && !own.contains(run))
}

/// `config.toml`: it is usable, or the mistake is told with a place in it.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Config::parse(text, Path::new("config.toml")) {
        Ok(config) => {
            assert!(!config.network.listen.is_empty());
            assert!(config.pool.records_per_agency.get() <= config.pool.records.get());
            assert!(config.api.listen.get().ip().is_loopback(), "the API listens on loopback only");
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.starts_with("config.toml"), "{told}");
        }
    }
}

/// A catalogue: what would be published is within its limits, and reading the kept details once more
/// gives the same (so nothing personal is left that a second look would find).
pub fn catalogue(data: &[u8]) {
    let contact: Text<128> = "the data office".parse().expect("a text");
    let found = match entries(data, &contact) {
        Ok(found) => found,
        Err(message) => return assert!(message.starts_with("catalogue-"), "{message}"),
    };
    assert!(found.len() <= data.len(), "more entries than bytes");
    for entry in found {
        let entry = match entry {
            Ok(entry) => entry,
            Err(reason) => {
                assert!(!reason.is_empty());
                continue;
            }
        };
        assert!(entry.details.len() <= MAX_DETAILS_BYTES);
        let again = kept(&entry.details, &contact).expect("kept details are read");
        assert_eq!(again.as_ref(), Ok(&entry), "a second look sees something else");
    }
}

/// Genuine bytes for these targets.
pub(crate) fn seeds(target: &str, lab: &Lab) -> Vec<Vec<u8>> {
    match target {
        "frame" => frames(lab),
        "http" => requests(),
        "config" => [
            "agency = \"health.gd\"\n",
            "agency = \"health.gd\"\n[network]\nlisten = [\"/ip4/127.0.0.1/tcp/7070\"]\n\
             [[network.peers]]\nagency = \"tax.gd\"\naddress = \"/dns4/tax.gd/tcp/7070/p2p/\
             12D3KooWBmwkafWE2fqfzS96VoTZgpGp6aJsF4N7euBhUVnX6Sz3\"\n[api]\nlisten = \"127.0.0.1:8080\"\n\
             [keys]\npassphrase_file = \"keys.pass\"\n[log]\nformat = \"json\"\nlevel = \"info\"\n\
             [pool]\nrecords = 50000\nrecords_per_agency = 20000\n[runtime]\nworker_threads = 2\n\
             [kept]\nmax_bytes = 1073741824\n[webhook]\nurl = \"http://127.0.0.1:9000/in\"\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        "catalogue" => catalogues(),
        _ => Vec::new(),
    }
}

fn frames(lab: &Lab) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for request in lab.requests.iter().take(3) {
        let bytes = wire::request_bytes(request.clone()).unwrap_or_default();
        all.push([&[0][..], &bytes].concat());
    }
    for response in lab.responses.iter().take(3) {
        let bytes = response.to_bytes();
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        all.push([&[1][..], &length.to_le_bytes(), &bytes].concat());
    }
    for (message, attempt) in lab.gossip.iter().step_by(lab.gossip.len() / 6).zip(0..) {
        let (topic, bytes) = wire::gossip_bytes(&lab.consortium, message, attempt);
        let kind = if topic == topics().0 { 2 } else { 3 };
        all.push([&[kind][..], &bytes].concat());
    }
    all
}

fn requests() -> Vec<Vec<u8>> {
    let salt = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let openings = format!(
        "{{\"openings\":[{{\"detail\":\"case-number\",\"salt\":\"{salt}\",\"text\":\"2026-17\"}}]}}"
    );
    let query = |text: &str| [&[0][..], text.as_bytes()].concat();
    vec![
        query("/v1/records?wait=commit"),
        query("/v1/entries?from=3&limit=10&order=desc&kind=record-access&agency=health.gd"),
        query("/v1/entries?dataset=health.gd%2Fvaccinations&grant=G17&request=R12"),
        query("/v1/datasets?agency=health.gd&sharing=conditional&from=health.gd%2Fa&limit=1000"),
        query("/v1/requests?provider=health.gd&state=open&from=R12"),
        query("/v1/grants?requester=tax.gd&from=G9&limit=1"),
        query("/v1/blocks?from=1&limit=2"),
        [&[1][..], b"Comity AAAA"].concat(),
        [&[2][..], openings.as_bytes()].concat(),
        [&[3][..], br#"{"reason":"the case is closed"}"#].concat(),
    ]
}

fn catalogues() -> Vec<Vec<u8>> {
    let dcat = r#"{"conformsTo":"https://project-open-data.cio.gov/v1.1/schema","dataset":[
{"@type":"dcat:Dataset","identifier":"gd-1","title":"Vaccinations","description":"Who. 电话 13800138000.",
"accessLevel":"restricted public","contactPoint":{"@type":"vcard:Contact","fn":"Data office",
"hasEmail":"mailto:data@health.gd"},"keyword":["health"],"modified":"2026-01-01",
"publisher":{"@type":"org:Organization","name":"Health"},"distribution":[{"downloadURL":"https://x.gd/a.csv"}]},
{"identifier":"gd-2","title":"Beds","description":"","accessLevel":"public"}]}"#;
    let table = "信息资源代码,信息资源名称,信息资源提供方,信息资源摘要,信息项名称,数据类型,共享类型,共享条件,是否向社会开放\n\
                 440100-1,居民最低生活保障信息,市民政局,低保对象,姓名,字符型,有条件共享,业务办理,否\n\
                 ,,,,身份证号,字符型,,,\n\
                 440100-2,\"机构, 名录\",市卫健委,医院,名称,字符型,无条件共享,,是\n";
    let array = r#"[{"identifier":"a","title":"b","description":"c","accessLevel":"non-public","rights":"§ 5"}]"#;
    vec![dcat.into(), table.into(), array.into(), gb18030()]
}

/// A small table in GB18030: 信息资源代码,信息资源名称,信息资源提供方,信息资源摘要,共享类型 and one row.
fn gb18030() -> Vec<u8> {
    b"\xD0\xC5\xCF\xA2\xD7\xCA\xD4\xB4\xB4\xFA\xC2\xEB,\xD0\xC5\xCF\xA2\xD7\xCA\xD4\xB4\
        \xC3\xFB\xB3\xC6,\xD0\xC5\xCF\xA2\xD7\xCA\xD4\xB4\xCC\xE1\xB9\xA9\xB7\xBD,\xD0\xC5\
        \xCF\xA2\xD7\xCA\xD4\xB4\xD5\xAA\xD2\xAA,\xB9\xB2\xCF\xED\xC0\xE0\xD0\xCD\n440100-\
        3,\xBE\xCD\xD2\xB5\xB5\xC7\xBC\xC7,\xCA\xD0\xC8\xCB\xC9\xE7\xBE\xD6,\xBE\xCD\xD2\
        \xB5\xC8\xCB\xD4\xB1,\xD3\xD0\xCC\xF5\xBC\xFE\xB9\xB2\xCF\xED\n"
        .to_vec()
}
