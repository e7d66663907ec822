//! Files of data that a scenario names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::errors::{Mistakes, Place};
use super::read;
use super::regions::Regions;
use super::tree::{Kind, Node};
use crate::data::csv::{self, Column, Head};
use crate::data::{DataError, DataPath};

/// A table, where its labels are, and whether it has a header.
type Key = (PathBuf, Column, Option<bool>);

/// Where files are looked for, and how large tables are. The size of a table shows only when all of it is read: a sweep, which
/// reads its scenario again for every point, reads each table once.
#[derive(Debug)]
pub struct Files {
    /// What paths are relative to.
    base_dir: PathBuf,
    tables: Mutex<BTreeMap<Key, (Head, usize)>>,
    regions: Mutex<BTreeMap<PathBuf, Arc<Regions>>>,
}

impl Files {
    /// Files of this folder.
    pub fn of(base_dir: &Path) -> Files {
        Files { base_dir: base_dir.to_path_buf(), tables: Mutex::default(), regions: Mutex::default() }
    }

    /// The path that a text gives.
    pub fn path(&self, node: &Node, what: &str, mistakes: &mut Mistakes) -> Option<DataPath> {
        let written = read::text(node, what, mistakes)?;
        Some(DataPath { resolved: self.base_dir.join(&written), written })
    }

    /// A table of figures between places; what is wrong with it, in words.
    pub fn regions(&self, path: &Path) -> Result<Arc<Regions>, String> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = regions.get(path) {
            return Ok(known.clone());
        }
        let found = Arc::new(Regions::read(path)?);
        regions.insert(path.to_path_buf(), found.clone());
        Ok(found)
    }

    /// The columns of a table, and its number of rows.
    pub fn table(
        &self,
        path: &DataPath,
        label: &Column,
        header: Option<bool>,
    ) -> Result<(Head, usize), DataError> {
        let key = (path.resolved.clone(), label.clone(), header);
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tables.get(&key) {
            return Ok(known.clone());
        }
        let found = csv::size(&path.resolved, &path.written, label, header)?;
        tables.insert(key, found.clone());
        Ok(found)
    }
}

/// Texts of a value, in order: what each says, and where it stands.
fn texts<'a>(node: &'a Node, found: &mut Vec<(String, &'a Place)>) {
    match &node.kind {
        // What stands after `--set` needs no quotes.
        Kind::Text(_) | Kind::Word(_) => {
            found.extend(read::text(node, "file", &mut Mistakes::default()).map(|text| (text, &node.place)))
        }
        Kind::Record(record) => record.fields.iter().for_each(|field| texts(&field.value, found)),
        Kind::Tuple(_, nodes) | Kind::List(nodes) => nodes.iter().for_each(|node| texts(node, found)),
        Kind::Number(_) | Kind::Missing => {}
    }
}

/// Notes what is wrong with a file of data or weights where a scenario names the file; or the archive or the folder that it is part of.
pub fn blame(root: &Node, error: &DataError, mistakes: &mut Mistakes) {
    let Kind::Record(scenario) = &root.kind else { panic!("a scenario that is read is a record") };
    let mut named = Vec::new();
    let data = scenario.get("data");
    [data, scenario.get("training")].into_iter().flatten().for_each(|node| texts(node, &mut named));
    let file = error.file();
    let part = |text: &str| text == file || file.contains(text.trim_end_matches('/'));
    let named = named.into_iter().filter(|(text, _)| part(text)).max_by_key(|(text, _)| text.len());
    let place = named.map(|(_, place)| place).or(data.map(|data| &data.place)).unwrap_or(&root.place);
    mistakes.add(place, error.to_string(), "the file is named here", None);
}
