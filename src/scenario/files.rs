//! Files of data that a scenario names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::errors::Mistakes;
use super::read;
use super::regions::Regions;
use super::tree::Node;
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
