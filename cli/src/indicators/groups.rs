//! Groups: the same sums for all, and by agency, level, region, kind, matter and quarter.
//! Holds: of what two agencies do together, each of them, its level, region and kind has its side.

use std::collections::BTreeMap;

use comity_core::agency::Agency;
use comity_core::text::{AgencyId, Code};
use serde::Serialize;

use super::figures::{Contribution, Figures};
use super::quarter::Quarter;
use super::sums::Sums;
use crate::args::Dimension;
use crate::describe;

/// Whose doing something is, for what, and when it began.
#[derive(Clone, Debug)]
pub(super) struct Sides<'a> {
    pub(super) provider: Option<&'a AgencyId>,
    pub(super) requester: Option<&'a AgencyId>,
    pub(super) matters: Vec<&'a Code>,
    pub(super) quarter: Quarter,
}

/// A group of agencies, from both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TwoSided {
    pub(crate) group: String,
    pub(crate) as_provider: Figures,
    pub(crate) as_requester: Figures,
}

/// Another group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Whole {
    pub(crate) group: String,
    pub(crate) figures: Figures,
}

/// The groups of one dimension, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Table {
    TwoSided(Vec<TwoSided>),
    Whole(Vec<Whole>),
}

/// Sums of all groups, while things are added.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    agencies: &'a BTreeMap<AgencyId, Agency>,
    overall: Sums<'a>,
    two_sided: BTreeMap<(Dimension, String), [Sums<'a>; 2]>,
    whole: BTreeMap<(Dimension, String), Sums<'a>>,
}

const PROVIDER: usize = 0;
const REQUESTER: usize = 1;

impl<'a> Groups<'a> {
    /// Nothing added yet. Every agency has its groups, also one that never did anything.
    pub(super) fn new(agencies: &'a BTreeMap<AgencyId, Agency>) -> Groups<'a> {
        let names = agencies.values().flat_map(names_of);
        let two_sided = names.map(|name| (name, <[Sums<'a>; 2]>::default())).collect();
        Groups { agencies, overall: Sums::default(), two_sided, whole: BTreeMap::new() }
    }

    /// Adds one thing to all groups to which it belongs.
    pub(super) fn add(&mut self, sides: &Sides<'a>, add: impl Fn(&mut Sums<'a>)) {
        add(&mut self.overall);
        for (side, agency) in [(PROVIDER, sides.provider), (REQUESTER, sides.requester)] {
            let Some(agency) = agency.and_then(|id| self.agencies.get(id)) else { continue };
            for name in names_of(agency) {
                if let Some(sums) = self.two_sided.entry(name).or_default().get_mut(side) {
                    add(sums);
                }
            }
        }
        let matters = sides.matters.iter().map(|code| (Dimension::Matter, code.to_string()));
        for name in matters.chain([(Dimension::Quarter, sides.quarter.to_string())]) {
            add(self.whole.entry(name).or_default());
        }
    }

    /// What each agency contributed, also if it is nothing.
    pub(super) fn contributions(&self) -> Vec<Contribution> {
        let of = |id: &AgencyId| {
            let sums = self.two_sided.get(&(Dimension::Agency, id.to_string()))?;
            Some(sums.get(PROVIDER)?.contribution(id))
        };
        self.agencies.keys().filter_map(of).collect()
    }

    /// The figures of all, and those by dimension.
    pub(super) fn figures(self) -> (Figures, BTreeMap<Dimension, Table>) {
        let Groups { agencies, overall, two_sided, whole } = self;
        let mut tables = BTreeMap::new();
        for dimension in Dimension::ALL {
            let table = match dimension.is_of_agencies() {
                true => Table::TwoSided(Vec::new()),
                false => Table::Whole(Vec::new()),
            };
            tables.insert(dimension, table);
        }
        for ((dimension, group), [provider, requester]) in two_sided {
            let as_provider = provider.figures(agencies);
            let as_requester = without_datasets(requester.figures(agencies));
            if let Some(Table::TwoSided(rows)) = tables.get_mut(&dimension) {
                rows.push(TwoSided { group, as_provider, as_requester });
            }
        }
        for ((dimension, group), sums) in whole {
            let figures = sums.figures(agencies);
            let figures = match dimension {
                Dimension::Matter => without_datasets(figures),
                _ => figures,
            };
            if let Some(Table::Whole(rows)) = tables.get_mut(&dimension) {
                rows.push(Whole { group, figures });
            }
        }
        (overall.figures(agencies), tables)
    }
}

/// A dataset in the catalogue belongs to who provides it, and to nobody who might ask.
fn without_datasets(mut figures: Figures) -> Figures {
    figures.funnel.datasets = None;
    figures
}

/// The groups of an agency: itself, its level, its region, its kind.
pub(super) fn names_of(agency: &Agency) -> [(Dimension, String); 4] {
    [
        (Dimension::Agency, agency.id.to_string()),
        (Dimension::Level, describe::word(&agency.level)),
        (Dimension::Region, agency.region.to_string()),
        (Dimension::Kind, describe::word(&agency.kind)),
    ]
}
