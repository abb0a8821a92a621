//! Settings are read as they are documented, and mistakes are told where they are.

use libp2p::PeerId;

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("config.toml")).map_err(|error| error.to_string())
}

fn health() -> AgencyId {
    "health.gd".parse().unwrap()
}

/// The template with every option switched on.
fn all_options() -> String {
    let text = new_file(
        &health(),
        &NetworkOptions::default(),
        &ApiOptions::default(),
        &KeyOptions::default(),
    );
    let switch_on = |line: &str| match line.strip_prefix("# ") {
        Some(option) if option.starts_with("[[") || is_assignment(option) => option.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(switch_on).collect::<Vec<_>>().join("\n")
}

fn is_assignment(line: &str) -> bool {
    line.split_once(" = ")
        .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

#[test]
fn new_file_says_the_defaults() {
    let text = new_file(
        &health(),
        &NetworkOptions::default(),
        &ApiOptions::default(),
        &KeyOptions::default(),
    );
    let fresh = parse(&text).unwrap();
    assert_eq!(fresh, parse("agency = \"health.gd\"").unwrap());
    let mut explicit = parse(&all_options()).unwrap();
    assert_eq!(explicit.network.peers.len(), 1);
    explicit.network.peers.clear();
    // Like a peer, it has no default.
    assert!(explicit.keys.passphrase_file.take().is_some());
    assert_eq!(explicit, fresh, "each option that is shown shows its default");
    let options = [
        "listen",
        "format",
        "level",
        "records",
        "records_per_agency",
        "worker_threads",
        "reserve_bytes",
        "max_bytes",
        "every_hours",
    ];
    for option in options {
        assert!(text.contains(&format!("# {option} = ")), "{option} is not shown");
    }
}

#[test]
fn new_file_writes_out_what_differs() {
    let text = "agency = \"health.gd\"\n\
                [network]\n\
                listen = [\"/ip4/10.0.0.1/tcp/7000\"]\n\
                peers = [{ agency = \"data.gd\", address = \"/ip4/10.0.0.2/tcp/7000\" }]\n\
                [api]\n\
                listen = \"127.0.0.1:9000\"\n\
                [keys]\n\
                passphrase_file = \"/run/a \\\"b\\\"/c\"\n";
    let config = parse(text).unwrap();
    let again =
        parse(&new_file(&config.agency, &config.network, &config.api, &config.keys)).unwrap();
    assert_eq!(again, config);
}

#[test]
fn mistakes_are_told_with_line_and_column() {
    let cases = [
        (
            "agency = \"health.gd\"\n[network]\nlisten = [\n",
            "config.toml, line 3, column 11: unclosed array, expected `]`",
        ),
        (
            "agency = \"health.gd\"\n[network]\n  lisen = []\n",
            "config.toml, line 3, column 3: there is no option `lisen`; there is `listen` or `peers`",
        ),
        (
            "agency = \"health.gd\"\n[netwrk]\n",
            "config.toml, line 2, column 2: there is no option `netwrk`; there are `agency`, \
             `network`, `api`, `keys`, `log`, `pool`, `runtime`",
        ),
        (
            "agency = \"Health\"\n",
            "config.toml, line 1, column 10: \"Health\" is not an agency id: ",
        ),
        ("[log]\n", "config.toml, line 1, column 1: missing option `agency`"),
        (
            "agency = \"a\"\n[runtime]\nworker_threads = 0\n",
            "config.toml, line 3, column 18: found integer `0`, expected a whole number from 1 to 64",
        ),
        (
            "agency = \"a\"\n[runtime]\nworker_threads = \"two\"\n",
            "config.toml, line 3, column 18: found string \"two\", expected a whole number from 1 to 64",
        ),
        (
            "agency = \"a\"\n[log]\nformat = \"xml\"\n",
            "config.toml, line 3, column 10: unknown value `xml`, expected `text` or `json`",
        ),
        (
            "agency = \"a\"\n[api]\nlisten = \"0.0.0.0:8080\"\n",
            "config.toml, line 3, column 10: 0.0.0.0:8080 can be reached from other machines",
        ),
        (
            "agency = \"a\"\n[network]\nlisten = [\"10.0.0.1:7070\"]\n",
            "config.toml, line 3, column 10: \"10.0.0.1:7070\" is not an address to listen on",
        ),
        (
            "agency = \"a\"\n[[network.peers]]\naddress = \"/dns4/data/tcp/7070\"\n",
            "config.toml, line 2, column 1: \"/dns4/data/tcp/7070\" is not the address of a node",
        ),
        (
            "agency = \"a\"\n[[network.peers]]\naddress = \"/ip4/10.0.0.2/tcp/7070\"\n",
            "config.toml, line 2, column 1: the peer at /ip4/10.0.0.2/tcp/7070 needs either its agency",
        ),
        (
            "agency = \"a\"\n[pool]\nrecords = 10\n",
            "config.toml: records_per_agency in [pool] is more than records",
        ),
        (
            "agency = \"a\"\nnetwork = 5\n",
            "config.toml, line 2, column 11: found integer `5`, expected the section [network]",
        ),
    ];
    for (text, expected) in cases {
        let mistake = parse(text).unwrap_err();
        assert!(mistake.starts_with(expected), "{text}\nexpected {expected}\nfound    {mistake}");
    }
}

#[test]
fn mistake_comes_with_advice() {
    let error = Config::parse("agency = 5", Path::new("/srv/comity/config.toml")).unwrap_err();
    assert_eq!(
        Failure::from(error).to_string(),
        "Error: /srv/comity/config.toml, line 1, column 10: found integer `5`, expected a string.\n\
         The settings are not used, not even in part. Nothing was started.\n\
         Next: correct it, then check with: comityd config check --dir /srv/comity\n"
    );
}

#[test]
fn peer_is_known_by_its_agency_or_by_its_identity() {
    let identity = PeerId::random();
    let text = format!(
        "agency = \"a\"\n[network]\npeers = [{{ address = \"/ip6/::1/tcp/7070/p2p/{identity}\" }}]"
    );
    let peer = parse(&text).unwrap().network.peers.remove(0);
    assert_eq!(peer.identity, Some(identity));
    assert_eq!(peer.address.to_string(), "/ip6/::1/tcp/7070");
}
