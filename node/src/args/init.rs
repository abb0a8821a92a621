//! `comityd init`: what it takes; what is missing it asks for, if a person is there.
//! Holds: no secret is an argument.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use comity_core::agency::{AgencyKind, Level};
use comity_core::text::{AgencyId, Text};

use super::parse_name;
use crate::config::{AddressError, ListenAddress, LoopbackAddress};

/// The levels of government, as they are written.
pub(crate) const LEVELS: [&str; 6] =
    ["national", "provincial", "municipal", "county", "township", "village"];
/// The kinds of bodies, as they are written.
pub(crate) const KINDS: [&str; 6] = [
    "government",
    "public-institution",
    "party-legislative-or-judicial",
    "enterprise",
    "social-organisation",
    "research",
];

/// Set up the directory of a new node: its settings, its keys, and what to hand over
///
/// At a terminal, comityd init alone asks for everything, explains it, and checks each answer;
/// scripts pass what it would ask for. Makes the directory with config.toml, the node's keys and member.json. The keys stay here; member.json
/// holds nothing secret and goes to whoever runs comityd genesis.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  comityd init --dir /var/lib/comity --agency health.gd --name \"Health Bureau\" \\
    --level county --region 440100 --admin-card admin.card.json")]
pub(crate) struct InitArgs {
    /// Directory to make; it may exist if it is empty
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
    /// The agency's id: lower-case labels joined by dots, such as health.gd
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// The agency's name, as people write it
    #[arg(long, value_parser = parse_name::<128>)]
    pub(crate) name: Option<Text<128>>,
    /// Its level of government
    #[arg(long, value_parser = level())]
    pub(crate) level: Option<Level>,
    /// The region that it serves: a code or a name
    #[arg(long, value_parser = parse_name::<64>)]
    pub(crate) region: Option<Text<64>>,
    /// What kind of body it is [default: government]
    #[arg(long, value_parser = kind())]
    pub(crate) kind: Option<AgencyKind>,
    /// The agency above it in its own branch, if any
    #[arg(long, value_name = "AGENCY")]
    pub(crate) superior: Option<AgencyId>,
    /// The government or body that it belongs to locally, if any
    #[arg(long, value_name = "AGENCY")]
    pub(crate) authority: Option<AgencyId>,
    /// Who operates this node, if not the agency itself
    #[arg(long, value_name = "NAME", value_parser = parse_name::<128>)]
    pub(crate) operated_by: Option<Text<128>>,
    /// The public body that answers for the agency, where it is none itself.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) sponsor: Option<AgencyId>,
    /// The node follows and does not vote
    #[arg(long)]
    pub(crate) observer: bool,
    /// Weight of the node's vote; one agency, one vote, unless all agreed otherwise [default: 1]
    #[arg(long, conflicts_with = "observer",
          value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub(crate) power: Option<u64>,
    /// Card of an admin key of the agency, made on another computer (with: comity key new --role
    /// admin --for-genesis); once for each
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_card: Vec<PathBuf>,
    /// Make an admin key here, in this file, under a passphrase. It must be taken off this
    /// machine afterwards; better is --admin-card
    #[arg(long, value_name = "FILE", requires = "admin_post")]
    pub(crate) new_admin_key: Option<PathBuf>,
    /// The post that holds the new admin key, never a person's name
    #[arg(long, value_name = "POST", value_parser = parse_name::<96>, requires = "new_admin_key")]
    pub(crate) admin_post: Option<Text<96>>,
    /// File whose one line is the new admin key's passphrase; without it, you are asked
    #[arg(long, value_name = "FILE", requires = "new_admin_key")]
    pub(crate) admin_passphrase_file: Option<PathBuf>,
    /// Keep the node's own keys under the passphrase in this file, which the node then reads at
    /// each start ([keys] in config.toml); for service managers that hand over credentials
    #[arg(long, value_name = "FILE")]
    pub(crate) node_passphrase_file: Option<PathBuf>,
    /// Address on which to listen for other nodes, such as /ip4/10.20.0.7/tcp/7070; once for
    /// each. Can be changed in config.toml later
    #[arg(long, value_name = "ADDRESS", value_parser = parse_listen)]
    pub(crate) listen: Vec<ListenAddress>,
    /// Address of this machine on which to answer programs [default: 127.0.0.1:8080]. Can be
    /// changed in config.toml later
    #[arg(long, value_name = "ADDRESS", value_parser = parse_api)]
    pub(crate) api_listen: Option<LoopbackAddress>,
}

/// The value that is written with this name in files.
pub(crate) fn named<T: serde::de::DeserializeOwned>(name: String) -> Result<T, serde_json::Error> {
    serde_json::from_value(serde_json::Value::String(name))
}

fn level() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(LEVELS).try_map(named)
}

fn kind() -> impl TypedValueParser<Value = AgencyKind> {
    PossibleValuesParser::new(KINDS).try_map(named)
}

fn parse_listen(text: &str) -> Result<ListenAddress, AddressError> {
    ListenAddress::try_from(text.to_owned())
}

fn parse_api(text: &str) -> Result<LoopbackAddress, AddressError> {
    LoopbackAddress::try_from(text.to_owned())
}
