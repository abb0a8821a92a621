//! `comity report`: what it takes.
//! Holds: a report is made of an archive, a copy or a node, and each is verified while it is read.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

/// What is reported.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportVerb {
    /// How members work together.
    Collaboration(ReportCollaboration),
}

/// By what figures are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Dimension {
    /// Each agency.
    Agency,
    /// Levels of government.
    Level,
    /// Regions.
    Region,
    /// Kinds of bodies.
    Kind,
    /// Matters.
    Matter,
    /// Quarters of a year.
    Quarter,
}

impl Dimension {
    /// Every one.
    pub(crate) const ALL: [Dimension; 6] = [
        Dimension::Agency,
        Dimension::Level,
        Dimension::Region,
        Dimension::Kind,
        Dimension::Matter,
        Dimension::Quarter,
    ];

    /// Whether its groups are of agencies, so that each has two sides.
    pub(crate) fn is_of_agencies(self) -> bool {
        !matches!(self, Dimension::Matter | Dimension::Quarter)
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people, on a terminal.
    Text,
    /// For programs.
    Json,
    /// A page with charts, for screens and paper.
    Html,
}

/// `report collaboration`.
#[derive(Debug, Args)]
pub(crate) struct ReportCollaboration {
    /// An archive.
    #[arg(long, value_name = "FILE", conflicts_with = "copy")]
    pub(crate) archive: Option<PathBuf>,
    /// A copy of one's own.
    #[arg(long, value_name = "DIR")]
    pub(crate) copy: Option<PathBuf>,
    /// The genesis, where it is not a copy.
    #[arg(long, value_name = "FILE", required_unless_present = "copy", conflicts_with = "copy")]
    pub(crate) genesis: Option<PathBuf>,
    /// The first day.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// The last day.
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    /// By what; without it, by all.
    #[arg(long)]
    pub(crate) by: Option<Dimension>,
    /// As what.
    #[arg(long)]
    pub(crate) format: Option<ReportFormat>,
    /// Where to; without it, to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// How many cores to use.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) cores: Option<u16>,
}
