//! What the agencies have: the entries of catalogue files, and a small catalogue of this program's own.
//! Holds: entries of files are what `comity dataset import` would publish of them; how each is shared is
//! its steward's to say, and drawn here.
//! May not enter: paths of any machine: files come from the command line.

use std::path::{Path, PathBuf};

use comity_core::agency::AgencyKind;
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Item, Openness, Sharing};
use comity_core::hash::ConsortiumId;
use comity_core::ids::DatasetId;
use comity_core::text::{AgencyId, Text};

use super::chance::Chance;
use super::people::Cast;
use super::said;
use crate::failure::DevnetError;
use crate::place::io_error;

/// The basis of what is not shared.
const NOT_SHARED_BASIS: &str = "Data Security Law, article 21; not shared before it is reviewed";
/// Registers that agencies keep: their names, titles and items.
const REGISTERS: [(&str, &str, [&str; 4]); 8] = [
    ("households", "Households 户籍信息", ["household", "district", "members", "since"]),
    ("certificates", "Certificates issued 证照信息", ["number", "kind", "issued", "valid until"]),
    ("assessments", "Assessments 认定信息", ["case", "grade", "date of assessment", "basis"]),
    ("payments", "Payments made 发放信息", ["case", "amount", "month", "purpose"]),
    ("permits", "Permits 许可信息", ["number", "holder's code", "scope", "valid until"]),
    ("inspections", "Inspections 检查信息", ["place", "date", "outcome", "measures"]),
    ("buildings", "Buildings 房屋信息", ["building", "use", "floors", "year"]),
    ("staff-posts", "Posts and their duties 岗位职责", ["post", "duty", "office", "since"]),
];

/// All datasets, by place.
pub(super) struct Shelf {
    pub(super) datasets: Vec<Dataset>,
}

/// The catalogue files in these directories, or these files themselves, by name. Errors: one cannot be
/// listed.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, DevnetError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let listed = |source| io_error("list", path, source);
        for entry in std::fs::read_dir(path).map_err(listed)? {
            let file = entry.map_err(listed)?.path();
            let is_catalogue = |end: &str| end == "json" || end == "csv";
            if file.extension().and_then(|end| end.to_str()).is_some_and(is_catalogue) {
                files.push(file);
            }
        }
    }
    files.sort();
    Ok(files)
}

impl Shelf {
    /// The datasets of everybody: one catalogue for each agency that has one from a file. Errors: a
    /// file cannot be read, or is no catalogue.
    pub(super) fn fill(
        cast: &Cast,
        files: &[PathBuf],
        consortium: ConsortiumId,
        chance: &mut Chance,
    ) -> Result<Shelf, DevnetError> {
        let mut datasets = Vec::new();
        for member in &cast.members[..cast.with_catalogues().start] {
            if member.kind == AgencyKind::Research {
                continue;
            }
            for number in 0..chance.between((2, 4)) {
                let place = usize::try_from(number).unwrap_or_default() * 2 + chance.place(2);
                datasets.push(register(&member.id, place));
            }
        }
        for (place, file) in cast.with_catalogues().zip(files) {
            datasets.extend(catalogued(file, &cast.members[place].id, consortium)?);
        }
        for dataset in &mut datasets {
            classify(dataset, chance);
        }
        Ok(Shelf { datasets })
    }
}

fn catalogued(
    file: &Path,
    agency: &AgencyId,
    consortium: ConsortiumId,
) -> Result<Vec<Dataset>, DevnetError> {
    let bytes = std::fs::read(file).map_err(|source| io_error("read", file, source))?;
    let contact: Text<128> = said("Catalogue desk");
    let read = comity_cli::reading::datasets(&bytes, (agency, consortium), &contact);
    read.map_err(|reason| DevnetError::Unexpected(format!("{}: {reason}", file.display())))
}

fn register(agency: &AgencyId, place: usize) -> Dataset {
    let (slug, title, items) = REGISTERS[place % REGISTERS.len()];
    let item = |name: &str| Item { name: said(name), kind: said("text") };
    Dataset {
        id: DatasetId { agency: agency.clone(), slug: said(slug) },
        title: said(title),
        summary: said("Invented. What the agency keeps of its own work, by case"),
        items: items.map(item).into(),
        sharing: Sharing::Conditional,
        conditions: Text::default(),
        openness: Openness::Closed,
        grade: Grade::General,
        modes: [DeliveryMode::Query].into(),
        contact: said("Registry, duty desk"),
        identifier: Text::default(),
        details: None,
        update_days: None,
        reliable: false,
        manager: None,
        service: Text::default(),
        stated: Vec::new(),
    }
}

/// What the steward says of it.
fn classify(dataset: &mut Dataset, chance: &mut Chance) {
    dataset.sharing = match chance.below(100) {
        0..=37 => Sharing::Unconditional,
        38..=89 => Sharing::Conditional,
        90..=93 => Sharing::NotShared,
        _ => Sharing::Unclassified,
    };
    dataset.grade = match chance.below(100) {
        0..=87 => Grade::General,
        88..=96 => Grade::Important,
        _ => Grade::Core,
    };
    if dataset.sharing == Sharing::NotShared {
        dataset.conditions = said(NOT_SHARED_BASIS);
    }
    if dataset.sharing == Sharing::Conditional && chance.in_hundred(30) {
        dataset.stated = vec![said("For the case at hand only"), said("No copy is kept")];
    }
    for (mode, share) in
        [(DeliveryMode::Verify, 55), (DeliveryMode::Query, 70), (DeliveryMode::Batch, 40)]
    {
        if chance.in_hundred(share) {
            dataset.modes.insert(mode);
        }
    }
    dataset.reliable = dataset.modes.contains(&DeliveryMode::Verify) && chance.in_hundred(60);
    if chance.in_hundred(25) {
        dataset.update_days = Some(*chance.one_of(&[30, 90, 180]));
    }
}
