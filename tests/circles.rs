//! No file uses, directly or through others, a file that uses it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Module = Vec<String>;

/// All source files: what each is called from the crate on, with its code, without comments and unit tests.
struct Sources {
    code: BTreeMap<Module, String>,
    defined: BTreeMap<Module, BTreeSet<String>>,
    /// Paths after `use`, from the crate on; whether they are given on to others.
    imports: BTreeMap<Module, Vec<(Module, bool)>>,
}

impl Sources {
    fn read() -> Sources {
        let mut code = BTreeMap::new();
        read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut code);
        let defined = code.iter().map(|(module, code)| (module.clone(), definitions(code))).collect();
        let mut sources = Sources { code, defined, imports: BTreeMap::new() };
        let imports =
            sources.code.iter().map(|(module, code)| (module.clone(), sources.imports_of(module, code)));
        sources.imports = imports.collect();
        sources
    }

    fn imports_of(&self, module: &Module, code: &str) -> Vec<(Module, bool)> {
        let mut found = Vec::new();
        for statement in statements(code) {
            let (given_on, tree) = match statement.split_once("use ") {
                Some((before, tree)) if before.trim().is_empty() => (false, tree),
                Some((before, tree)) if before.starts_with("pub") && !before.contains('{') => (true, tree),
                _ => continue,
            };
            let paths = leaves(&[], tree);
            found.extend(paths.into_iter().filter_map(|path| Some((self.in_crate(module, path)?, given_on))));
        }
        found
    }

    /// A path as it is written in a module, from the crate on; `None` if it leads out of the crate.
    fn in_crate(&self, module: &Module, path: Module) -> Option<Module> {
        let ups = path.iter().take_while(|part| *part == "super").count();
        if ups > 0 {
            let base = &module[..module.len().checked_sub(ups)?];
            return Some([base, &path[ups..]].concat());
        }
        match path[0].as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module, &path[1..]].concat()),
            child => {
                let child = [&module[..], &[child.to_string()]].concat();
                self.code.contains_key(&child).then(|| [module, &path[..]].concat())
            }
        }
    }

    /// The file in which what a path names is defined, through what modules give on.
    fn home(&self, path: &[String], depth: usize) -> Option<Module> {
        let length = (1..=path.len()).rev().find(|&n| self.code.contains_key(&path[..n]))?;
        let module = path[..length].to_vec();
        let Some(name) = path.get(length).filter(|name| !self.defined[&module].contains(*name)) else {
            return Some(module);
        };
        let given_on = self.imports.get(&module).into_iter().flatten();
        for (import, _) in given_on.filter(|(import, _)| depth < 8 && import.last() == Some(name)) {
            if let Some(home) = self.home(import, depth + 1) {
                return Some(home);
            }
        }
        Some(module)
    }

    /// The files that each file uses. What a module only gives on it does not use.
    fn uses(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let of = |(module, imports): (&Module, &Vec<(Module, bool)>)| {
            let own = imports.iter().filter(|(_, given_on)| !given_on).map(|(path, _)| path.clone());
            let inline = inline_paths(&self.code[module]).into_iter();
            let inline = inline.filter_map(|path| self.in_crate(module, path));
            let homes: BTreeSet<Module> = own.chain(inline).filter_map(|path| self.home(&path, 0)).collect();
            (module.clone(), homes.into_iter().filter(|home| home != module).collect())
        };
        self.imports.iter().map(of).collect()
    }
}

fn read_folder(folder: &Path, module: &[String], code: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().to_string();
        let inside = [module, std::slice::from_ref(&name)].concat();
        if path.is_dir() {
            read_folder(&path, &inside, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "main" {
            let text = fs::read_to_string(&path).expect("text");
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let without_comment = |line: &str| line.split("//").next().unwrap_or_default().to_string() + "\n";
            let module = if name == "mod" || name == "lib" { module.to_vec() } else { inside };
            code.insert(module, text.lines().map(without_comment).collect());
        }
    }
}

/// Statements of a file: what ends with a semicolon, each with the last line before it that is not part of it cut off.
fn statements(code: &str) -> impl Iterator<Item = String> {
    let begins = |line: &&str| line.starts_with("use ") || line.starts_with("pub");
    code.split(';').filter_map(move |statement| {
        let lines: Vec<&str> = statement.lines().collect();
        let first = lines.iter().rposition(&begins)?;
        Some(lines[first..].join(" "))
    })
}

/// The names that a file defines outside of functions and blocks.
fn definitions(code: &str) -> BTreeSet<String> {
    const KINDS: [&str; 9] =
        ["struct", "enum", "trait", "fn", "type", "const", "static", "union", "macro_rules!"];
    let name = |line: &str| {
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '!').collect();
        let kind = words
            .iter()
            .position(|word| KINDS.contains(word) && *word != "const")
            .or_else(|| words.iter().position(|word| *word == "const"))?;
        words[kind + 1..].iter().find(|word| !word.is_empty()).map(|word| word.to_string())
    };
    code.lines().filter(|line| !line.starts_with([' ', '}', ')', '#'])).filter_map(name).collect()
}

/// The paths of a tree as it stands after `use`.
fn leaves(prefix: &[String], tree: &str) -> Vec<Module> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in tree.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().expect("there is one").push(c);
        }
    }
    let names = |path: &str| -> Module {
        let path = path.split(" as ").next().unwrap_or_default();
        path.split("::").map(str::trim).filter(|name| !name.is_empty()).map(String::from).collect()
    };
    let mut found = Vec::new();
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        match part.split_once('{') {
            Some((before, inside)) => {
                let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
                found.extend(leaves(&[prefix, &names(before)].concat(), inside));
            }
            None => {
                let path = [prefix, &names(part)].concat();
                found.push(if path.last().is_some_and(|last| last == "self") {
                    path[..path.len() - 1].to_vec()
                } else {
                    path
                });
            }
        }
    }
    found.retain(|path| !path.is_empty());
    found
}

/// Paths from the crate or a module above, wherever they stand in the code.
fn inline_paths(code: &str) -> Vec<Module> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let path: String =
                code[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect();
            let before = code[..at].chars().next_back();
            // A group in braces is no path; it stands after `use`.
            if !path.ends_with(':')
                && before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '$')
            {
                found.push(path.split("::").filter(|name| !name.is_empty()).map(String::from).collect());
            }
        }
    }
    found
}

/// A way from a file back to itself.
fn circle(uses: &BTreeMap<Module, BTreeSet<Module>>, from: &Module) -> Option<Vec<Module>> {
    let mut reached_by: BTreeMap<&Module, &Module> = BTreeMap::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for used in uses.get(file).into_iter().flatten() {
            if used == from {
                let mut way = vec![file.clone()];
                while way.last() != Some(from) {
                    let last = way.last().expect("there is one");
                    way.push(reached_by[last].clone());
                }
                way.reverse();
                return Some(way);
            }
            if !reached_by.contains_key(used) {
                reached_by.insert(used, file);
                open.push(used);
            }
        }
    }
    None
}

#[test]
fn no_file_uses_what_uses_it() {
    let uses = Sources::read().uses();
    let edges: usize = uses.values().map(BTreeSet::len).sum();
    assert!(uses.len() > 150 && edges > 2 * uses.len(), "{} files with {edges} uses were found", uses.len());
    for file in uses.keys() {
        if let Some(way) = circle(&uses, file) {
            let names: Vec<String> = way.iter().map(|file| file.join("/")).collect();
            panic!("a circle: {} and back", names.join(" uses "));
        }
    }
}

/// What the test above rests on: a use through what a module gives on leads to the file where it is defined.
#[test]
fn uses_lead_to_definitions() {
    let uses = Sources::read().uses();
    let module = |path: &str| -> Module { path.split('/').map(String::from).collect() };
    for (file, used) in [
        ("nn/training", "secure/format"),
        ("ring/wide", "ring/fast/gemm/wide"),
        ("ring/fast/product", "ring/vector"),
        ("sim/engine/shaped", "sim/engine"),
        ("sim/replay", "sim/engine"),
        ("cli/output", "cli/failure"),
    ] {
        let found = &uses[&module(file)];
        assert!(found.contains(&module(used)), "{file} uses {used}: {found:?}");
    }
}
