//! What `comityd init` has to know: from its arguments, or asked, explained and checked at once.
//! Holds: with all arguments given nothing is asked; without a terminal nothing is guessed.
//! May not enter: the making of files.

use std::path::{Path, PathBuf};

use comity_core::agency::{Agency, AgencyKind, Standing};
use comity_core::hash::ConsortiumId;
use comity_core::key_file::{MIN_NEW_PASSPHRASE_CHARS, Passphrase};
use comity_core::text::AgencyId;

use super::failure::InitError;
use super::{Joining, NewAdmin, Plan, cards, consortium};
use crate::args::{InitArgs, KINDS, LEVELS, named, parse_name};
use crate::config::{ListenAddress, LoopbackAddress};
use crate::data_dir::{DataDir, DataDirError};
use crate::failure::with_causes;
use crate::passphrase;
use crate::terminal::{NoAnswer, Terminal};

const DEFAULT_DIR: &str = "/var/lib/comity";
/// How often a person may mistype a new passphrase.
const MAX_TRIES: u8 = 3;

/// Decides all that is to be made. Errors: something is missing and nobody can be asked, or
/// proves nothing, or is in the way.
pub(super) fn plan(
    mut args: InitArgs,
    joining: Option<Joining>,
    terminal: &mut Terminal,
) -> Result<Plan, InitError> {
    let consortium = consortium(joining.as_ref());
    let missing = missing(&args);
    let asked = !missing.is_empty();
    if asked && !terminal.is_person() {
        return Err(InitError::Missing(missing));
    }
    if asked {
        terminal.say(
            "This sets up an agency's node. Each question says what it is about; an answer in\n\
             [brackets] is taken if you just press Enter. Nothing is made before you confirm.\n",
        );
        ask_about_agency(&mut args, terminal)?;
        ask_about_node(&mut args, terminal)?;
        ask_about_admin(&mut args, &consortium, terminal)?;
    }
    let plan = decide(args, joining, terminal)?;
    if asked {
        confirm(&plan, terminal)?;
    }
    Ok(plan)
}

/// Arguments without which nothing can be made.
fn missing(args: &InitArgs) -> Vec<&'static str> {
    let has_admin = !args.admin_card.is_empty() || args.new_admin_key.is_some();
    let wanted = [
        ("--dir", args.dir.is_some()),
        ("--agency", args.agency.is_some()),
        ("--name", args.name.is_some()),
        ("--level", args.level.is_some()),
        ("--region", args.region.is_some()),
        ("--admin-card", has_admin),
    ];
    wanted.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| *name).collect()
}

/// Asks for what is not there yet, after saying what it is.
fn ask<T>(
    terminal: &mut Terminal,
    slot: &mut Option<T>,
    about: &str,
    (question, default): (&str, Option<&str>),
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<(), NoAnswer> {
    if slot.is_none() {
        terminal.say(about);
        *slot = Some(terminal.ask(question, default, read)?);
        terminal.say("");
    }
    Ok(())
}

/// Like [`ask`], where an empty answer means that there is none.
fn ask_maybe(
    terminal: &mut Terminal,
    slot: &mut Option<AgencyId>,
    about: &str,
    question: &str,
) -> Result<(), NoAnswer> {
    if slot.is_none() {
        terminal.say(about);
        *slot = terminal.ask(question, Some(""), |text| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(in_words),
        })?;
        terminal.say("");
    }
    Ok(())
}

fn ask_about_agency(args: &mut InitArgs, terminal: &mut Terminal) -> Result<(), NoAnswer> {
    ask(
        terminal,
        &mut args.agency,
        "The agency's id, under which all members know it for ever: lower-case labels joined by\n\
         dots, from the bureau to the region, such as health.gz.",
        ("Agency id", None),
        |text| text.parse().map_err(in_words),
    )?;
    ask(terminal, &mut args.name, "Its name, as people write it.", ("Name", None), |text| {
        parse_name(text).map_err(in_words)
    })?;
    ask(
        terminal,
        &mut args.level,
        &format!("Its level of government: {}.", LEVELS.join(", ")),
        ("Level", None),
        |text| one_of(&LEVELS, text),
    )?;
    ask(
        terminal,
        &mut args.region,
        "The region that it serves: a code (440100) or a name.",
        ("Region", None),
        |text| parse_name(text).map_err(in_words),
    )?;
    ask(
        terminal,
        &mut args.kind,
        &format!("What kind of body it is: {}.", KINDS.join(", ")),
        ("Kind", Some(KINDS[0])),
        |text| one_of(&KINDS, text),
    )?;
    ask_maybe(
        terminal,
        &mut args.superior,
        "The agency above it in its own branch, by its id, if it is or will be a member.",
        "Superior agency",
    )?;
    ask_maybe(
        terminal,
        &mut args.authority,
        "The government or body that it belongs to locally, by its id, if it is or will be a member.",
        "Local authority",
    )
}

fn ask_about_node(args: &mut InitArgs, terminal: &mut Terminal) -> Result<(), NoAnswer> {
    ask(
        terminal,
        &mut args.dir,
        "The directory for the node: its keys, settings and the whole log. It must be empty or not\n\
         exist, on a disk with room to grow.",
        ("Directory", Some(DEFAULT_DIR)),
        |text| {
            let path = PathBuf::from(text);
            DataDir::check_vacant(&path).map(|_| path).map_err(in_words)
        },
    )?;
    let own_name = args.name.as_ref().map(|name| name.as_str().to_owned());
    ask(
        terminal,
        &mut args.operated_by,
        "Who operates this server: the agency itself, or the company or centre that does. Members\n\
         and auditors see it, since one operator of many nodes could stop the log.",
        ("Operated by", own_name.as_deref()),
        |text| parse_name(text).map_err(in_words),
    )?;
    if !args.observer && args.power.is_none() {
        terminal.say(
            "A validator's node votes on every block and should run day and night. An observer's\n\
             node follows, and answers your people in the same way.",
        );
        let words = ["validator", "observer"];
        args.observer =
            terminal.ask("Validator or observer", Some(words[0]), |text| {
                match words.iter().position(|word| *word == text) {
                    Some(place) => Ok(place == 1),
                    None => Err("answer validator or observer".to_owned()),
                }
            })?;
        terminal.say("");
    }
    if args.listen.is_empty() {
        terminal.say(
            "This server's own address and the port at which the other members' nodes reach it, such\n\
             as 10.20.0.7:7070. Open the port for them in the firewall. (The address in brackets can\n\
             be reached from this machine only; config.toml can be changed later.)",
        );
        let default = ListenAddress::default().multiaddr().to_string();
        args.listen.push(terminal.ask("Listen at", Some(&default), listen_address)?);
        terminal.say("");
    }
    ask(
        terminal,
        &mut args.api_listen,
        "Where this machine answers the comity command and other programs: an address of the\n\
         machine itself, which no other can reach.",
        ("Answer programs at", Some("127.0.0.1:8080")),
        |text| LoopbackAddress::try_from(text.to_owned()).map_err(in_words),
    )
}

fn ask_about_admin(
    args: &mut InitArgs,
    consortium: &ConsortiumId,
    terminal: &mut Terminal,
) -> Result<(), NoAnswer> {
    let Some(agency) = args.agency.clone() else { return Ok(()) };
    if !args.admin_card.is_empty() || args.new_admin_key.is_some() {
        return Ok(());
    }
    terminal.say(
        "The agency's admin key registers and revokes the keys of its officers and machines. It is\n\
         best made on another computer, which is not a server (comity key new --role admin\n\
         --for-genesis), and only its card, which ends in .card.json, is brought here. Without a card,\n\
         one is made here under a passphrase, and must be taken off this machine afterwards.",
    );
    let card = terminal.ask("Card of the admin key", Some(""), |text| match text {
        "" => Ok(None),
        path => match cards::read(Path::new(path), &agency, consortium) {
            Ok(_) => Ok(Some(PathBuf::from(path))),
            Err(error) => Err(with_causes(&error)),
        },
    })?;
    terminal.say("");
    if let Some(card) = card {
        args.admin_card.push(card);
        return Ok(());
    }
    ask(
        terminal,
        &mut args.admin_post,
        "The post that holds the admin key, never a person's name.",
        ("Post", Some("Head of the data office")),
        |text| parse_name(text).map_err(in_words),
    )?;
    let dir = args.dir.clone().unwrap_or_default();
    ask(
        terminal,
        &mut args.new_admin_key,
        "The file for the new admin key: outside of the node's directory, best on a stick.",
        ("Admin key file", Some("admin.key")),
        |text| {
            let path = PathBuf::from(text);
            check_admin_file(&path, &dir).map(|()| path).map_err(in_words)
        },
    )
}

/// The plan, now that nothing is missing.
fn decide(
    args: InitArgs,
    joining: Option<Joining>,
    terminal: &mut Terminal,
) -> Result<Plan, InitError> {
    let lacking = missing(&args);
    let (Some(dir), Some(id), Some(name), Some(level), Some(region)) =
        (args.dir, args.agency, args.name, args.level, args.region)
    else {
        return Err(InitError::Missing(lacking));
    };
    DataDir::check_vacant(&dir)?;
    let admins = cards::read_all(&args.admin_card, &id, &consortium(joining.as_ref()))?;
    let node_passphrase = match args.node_passphrase_file {
        Some(path) => {
            // The node is started from elsewhere.
            let path = std::path::absolute(&path).unwrap_or(path);
            let passphrase = passphrase::for_new_keys(&path)?;
            Some((path, passphrase))
        }
        None => None,
    };
    let new_admin = match (args.new_admin_key, args.admin_post) {
        (Some(file), Some(post)) => {
            check_admin_file(&file, &dir)?;
            let passphrase = match &args.admin_passphrase_file {
                Some(path) => passphrase::for_new_keys(path)?,
                None if terminal.is_person() => choose_passphrase(&file, terminal)?,
                None => return Err(InitError::Missing(vec!["--admin-passphrase-file"])),
            };
            Some(NewAdmin { file, post, passphrase })
        }
        _ => None,
    };
    let standing = match args.observer {
        true => Standing::Observer,
        false => Standing::Validator { power: args.power.unwrap_or(1) },
    };
    let agency = Agency {
        id,
        level,
        region,
        kind: args.kind.unwrap_or(AgencyKind::Government),
        superior: args.superior,
        authority: args.authority,
        operated_by: args.operated_by.unwrap_or_else(|| name.clone()),
        sponsor: args.sponsor,
        name,
        standing,
    };
    let (listen, api_listen) = (args.listen, args.api_listen.unwrap_or_default());
    Ok(Plan { dir, agency, admins, new_admin, listen, api_listen, node_passphrase, joining })
}

/// Errors: the admin key would lie in the node's directory, or it or its card is there already.
fn check_admin_file(file: &Path, dir: &Path) -> Result<(), InitError> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if absolute(file).starts_with(absolute(dir)) {
        return Err(InitError::AdminInside(file.to_owned()));
    }
    for path in [file.to_owned(), super::card_file(file)] {
        if path.exists() {
            return Err(DataDirError::Exists(path).into());
        }
    }
    Ok(())
}

fn choose_passphrase(file: &Path, terminal: &mut Terminal) -> Result<Passphrase, InitError> {
    terminal.say(&format!(
        "The admin key is kept under a passphrase of {MIN_NEW_PASSPHRASE_CHARS} characters or more: \
         several words that do\nnot belong together. Nobody can restore a forgotten one. What you \
         type is not shown."
    ));
    for _ in 0..MAX_TRIES {
        let first = terminal.ask_secret(&format!("Passphrase for {}: ", file.display()))?;
        let first = passphrase::normal(&first).and_then(Passphrase::for_new_key);
        let first = match first {
            Ok(first) => first,
            Err(error) => {
                terminal.say(&format!("  Not usable: {error}"));
                continue;
            }
        };
        let second = terminal.ask_secret("The same again: ")?;
        if passphrase::normal(&second).is_ok_and(|second| second.matches(&first)) {
            terminal.say("");
            return Ok(first);
        }
        terminal.say("  Not usable: the two are not the same");
    }
    Err(InitError::NotChosen(file.to_owned()))
}

/// Shows what will be made, and asks whether to make it.
fn confirm(plan: &Plan, terminal: &mut Terminal) -> Result<(), InitError> {
    let Plan { dir, agency, new_admin, listen, api_listen, .. } = plan;
    let listen: Vec<String> = listen.iter().map(|at| at.multiaddr().to_string()).collect();
    let standing = if plan.is_validator() { "validator" } else { "observer" };
    let admin = match new_admin {
        Some(new) => format!("a new key for {}, in {}", new.post, new.file.display()),
        None => "the key of the card".to_owned(),
    };
    terminal.say(&format!(
        "This will be set up:\n  \
         Agency       {} ({}), region {}\n  \
         Operated by  {}\n  \
         Node         {standing}, in {}\n  \
         Listens at   {}, for programs at {}\n  \
         Admin        {admin}",
        agency.id,
        agency.name,
        agency.region,
        agency.operated_by,
        dir.display(),
        listen.join(", "),
        api_listen.get(),
    ));
    let words = ["yes", "no"];
    let place = terminal.ask("Set it up", Some(words[0]), |text| {
        let text = text.to_lowercase();
        let known = words.iter().position(|word| *word == text || word[..1] == text);
        known.ok_or_else(|| "answer yes or no".to_owned())
    })?;
    terminal.say("");
    if place == 0 { Ok(()) } else { Err(InitError::NotConfirmed) }
}

/// `/ip4/10.20.0.7/tcp/7070`, or as people write it, `10.20.0.7:7070`.
fn listen_address(text: &str) -> Result<ListenAddress, String> {
    let text = match text.parse::<std::net::SocketAddr>() {
        Ok(address) => {
            let family = if address.is_ipv4() { "ip4" } else { "ip6" };
            format!("/{family}/{}/tcp/{}", address.ip(), address.port())
        }
        Err(_) => text.to_owned(),
    };
    ListenAddress::try_from(text).map_err(in_words)
}

fn one_of<T: serde::de::DeserializeOwned>(words: &[&str], text: &str) -> Result<T, String> {
    let known = words.iter().find(|word| **word == text);
    let value = known.and_then(|word| named((*word).to_owned()).ok());
    value.ok_or_else(|| format!("answer one of {}", words.join(", ")))
}

fn in_words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
