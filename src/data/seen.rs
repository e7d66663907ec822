//! Paths of data, written so that they hold in a file of another folder.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::DataPath;

impl DataPath {
    /// How a file in `folder` has to write this path. One that was written in full stays so. Others are relative to the
    /// folder, so that a project can move as a whole; or in full, if the two have nothing but the root in common.
    /// A path that no text can hold stays as it is.
    pub fn seen_from(&self, folder: &Path) -> String {
        if Path::new(&self.written).is_absolute() {
            return self.written.clone();
        }
        let (file, folder) = (real(&self.resolved), real(folder));
        let shared = file.components().zip(folder.components()).take_while(|(a, b)| a == b);
        let named = |(part, _): &(Component, Component)| matches!(part, Component::Normal(_));
        let (shared, named) = (shared.clone().count(), shared.filter(named).count());
        if named == 0 {
            return file.to_str().unwrap_or(&self.written).to_string();
        }
        let ups = folder.components().skip(shared).map(|_| Some(".."));
        let downs = file.components().skip(shared).map(|part| part.as_os_str().to_str());
        let parts = ups.chain(downs).collect::<Option<Vec<_>>>();
        parts.map_or_else(|| self.written.clone(), |parts| parts.join("/"))
    }
}

/// A path in full, without links or dots in the folders that are there. A file keeps its name, even if it is a link.
fn real(path: &Path) -> PathBuf {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    if full.is_dir()
        && let Ok(real) = full.canonicalize()
    {
        return real;
    }
    match (full.parent(), full.file_name().map(OsStr::to_os_string)) {
        (Some(parent), Some(name)) => real(parent).join(name),
        _ => full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(written: &str, base: &Path, folder: &Path) -> String {
        let path = DataPath { written: written.to_string(), resolved: base.join(written) };
        let seen = path.seen_from(folder);
        let again = DataPath { resolved: folder.join(&seen), written: seen.clone() };
        assert_eq!(
            real(&again.resolved),
            real(&path.resolved),
            "{written} from {}: {seen}",
            folder.display()
        );
        assert_eq!(again.seen_from(folder), seen, "twice is once");
        seen
    }

    #[test]
    fn paths_hold_in_another_folder() {
        let root = tempfile::TempDir::new().unwrap();
        let base = root.path().join("scenarios");
        std::fs::create_dir_all(base.join("data")).unwrap();
        std::fs::write(base.join("data/images"), "").unwrap();
        let out = root.path().join("output/deep");
        std::fs::create_dir_all(&out).unwrap();
        assert_eq!(seen("data/images", &base, &out), "../../scenarios/data/images");
        assert_eq!(seen("./data/../data/images", &base, &base), "data/images");
        assert_eq!(seen("data/images", &base, &base.join("data")), "images");
        let full = base.join("data/images").display().to_string();
        assert_eq!(seen(&full, &base, &out), full);
        #[cfg(unix)]
        {
            // Nothing in common.
            let far = seen("data/images", &base, Path::new("/proc/self"));
            assert_eq!(far, base.canonicalize().unwrap().join("data/images").display().to_string());
            // A link to a folder is where it leads; a link to a file is a file.
            std::fs::create_dir_all(root.path().join("a/b/c")).unwrap();
            std::os::unix::fs::symlink(root.path().join("a/b/c"), root.path().join("link")).unwrap();
            let linked = seen("data/images", &base, &root.path().join("link"));
            assert_eq!(linked, "../../../scenarios/data/images");
            std::os::unix::fs::symlink(base.join("data/images"), base.join("named")).unwrap();
            let path = DataPath { written: "named".to_string(), resolved: base.join("named") };
            assert_eq!(path.seen_from(&out), "../../scenarios/named");
        }
    }
}
