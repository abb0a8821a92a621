//! Scenes 场景: published templates of what a life-event service asks of several departments.
//! Holds: the command line only narrows a scene.
//! May not enter: asking a node; signing.

use std::collections::BTreeSet;
use std::path::Path;

use comity_core::dataset::{DeliveryMode, Items};
use comity_core::ids::DatasetId;
use comity_core::text::{Code, ItemName, Text};
use serde::Deserialize;

use crate::args::OpenRequest;
use crate::fault::Fault;
use crate::keys;
use crate::messages::{fault, say};

/// A scene's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scene {
    /// What the service is.
    pub(super) title: Text<256>,
    /// For which matters.
    pub(super) matters: BTreeSet<Code>,
    /// On what duty basis.
    pub(super) basis: Code,
    /// How long the grants are to last.
    #[serde(default)]
    pub(super) period: Option<String>,
    /// Within how long the replies are needed.
    #[serde(default)]
    pub(super) needed_within: Option<String>,
    /// One answer on one case.
    #[serde(default)]
    pub(super) once: bool,
    /// Most accesses in all, on each dataset.
    #[serde(default)]
    pub(super) total_quota: Option<u64>,
    /// Most accesses on one day, on each dataset.
    #[serde(default)]
    pub(super) daily_quota: Option<u64>,
    /// What is asked of whom.
    pub(super) datasets: Vec<Part>,
}

/// What a scene asks of one dataset.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// The dataset.
    pub(super) dataset: DatasetId,
    #[serde(default)]
    items: BTreeSet<ItemName>,
    #[serde(default)]
    all_items: bool,
    /// In which ways.
    pub(super) modes: BTreeSet<DeliveryMode>,
    #[serde(default)]
    conditions: BTreeSet<u8>,
}

impl Part {
    /// On which of the conditions that its dataset states: those typed, where any are.
    pub(super) fn conditions(&self, args: &OpenRequest) -> BTreeSet<u8> {
        match args.condition.is_empty() {
            true => self.conditions.clone(),
            false => args.condition.iter().copied().collect(),
        }
    }

    /// Which items.
    pub(super) fn items(&self) -> Items {
        if self.all_items { Items::All } else { Items::Only(self.items.clone()) }
    }
}

/// Reads a scene. Errors: it cannot be read, asks for nothing, or asks a dataset twice or for both
/// all and single items.
pub(super) fn load(path: &Path) -> Result<Scene, Fault> {
    let unreadable = |cause: String| {
        fault!(Failed, "scene-unreadable", path = path.display(), cause = cause.trim_end())
    };
    let text = keys::read_text(path, unreadable)?;
    let scene: Scene = toml::from_str(&text).map_err(|e| unreadable(e.to_string()))?;
    if scene.datasets.is_empty() {
        return Err(unreadable(say!("scene-without-datasets")));
    }
    let mut seen = BTreeSet::new();
    for part in &scene.datasets {
        if !seen.insert(&part.dataset) {
            return Err(unreadable(say!("scene-dataset-twice", dataset = part.dataset)));
        }
        if part.all_items != part.items.is_empty() {
            return Err(unreadable(say!("scene-items-unclear", dataset = part.dataset)));
        }
    }
    Ok(scene)
}

impl Scene {
    /// The scene as far as the command line wants it. Errors: the command line names what the
    /// scene does not, or leaves a dataset without items or ways.
    pub(super) fn narrowed(mut self, args: &OpenRequest) -> Result<Scene, Fault> {
        let lacks = |what: String| fault!(Usage, "scene-lacks", what = what);
        if !args.dataset.is_empty() {
            let has = |id: &DatasetId| self.datasets.iter().any(|part| part.dataset == *id);
            if let Some(other) = args.dataset.iter().find(|id| !has(id)) {
                return Err(lacks(other.to_string()));
            }
            self.datasets.retain(|part| args.dataset.contains(&part.dataset));
        }
        if let Some(other) = args.matter.iter().find(|code| !self.matters.contains(code)) {
            return Err(lacks(other.to_string()));
        }
        if !args.matter.is_empty() {
            self.matters = args.matter.iter().cloned().collect();
        }
        let has = |part: &Part, item: &ItemName| part.all_items || part.items.contains(item);
        let nobody_has = |item: &&ItemName| !self.datasets.iter().any(|part| has(part, item));
        if let Some(other) = args.item.iter().find(nobody_has) {
            return Err(lacks(other.to_string()));
        }
        for part in &mut self.datasets {
            part.narrow(args);
            if part.modes.is_empty() || !part.all_items && part.items.is_empty() {
                return Err(fault!(Usage, "scene-nothing-left", dataset = part.dataset));
            }
        }
        Ok(self)
    }
}

impl Part {
    fn narrow(&mut self, args: &OpenRequest) {
        if !args.item.is_empty() {
            let wanted: BTreeSet<ItemName> = args.item.iter().cloned().collect();
            self.items = match self.all_items {
                true => wanted,
                false => self.items.intersection(&wanted).cloned().collect(),
            };
            self.all_items = false;
        }
        if !args.mode.is_empty() {
            self.modes.retain(|mode| args.mode.contains(mode));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_scene_for_six_departments() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/samples");
        let scene = load(&samples.join("low-income-check.toml")).unwrap();
        let asked: BTreeSet<_> = scene.datasets.iter().map(|part| &part.dataset.agency).collect();
        assert_eq!(asked.len(), 6);
        assert!(scene.period.is_some() && scene.needed_within.is_some());
    }
}
