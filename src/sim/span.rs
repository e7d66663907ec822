//! Names of what a party was doing: a tree of spans, shared by all parties of a simulation.

use std::{borrow::Cow, collections::BTreeMap};

/// A node of a [`SpanTree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub u32);

impl SpanId {
    /// The span of everything that happens outside any named span.
    pub const ROOT: SpanId = SpanId(0);

    /// Its place in tables that have one entry per span.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug, Clone)]
struct Node {
    parent: SpanId,
    name: Cow<'static, str>,
    children: BTreeMap<Cow<'static, str>, SpanId>,
}

/// Spans by parent and name. A parent always has a smaller id than its children.
#[derive(Debug, Clone)]
pub struct SpanTree {
    nodes: Vec<Node>,
}

impl Default for SpanTree {
    fn default() -> SpanTree {
        SpanTree::new()
    }
}

impl SpanTree {
    /// A tree with the root only.
    pub fn new() -> SpanTree {
        let root = Node { parent: SpanId::ROOT, name: Cow::Borrowed(""), children: BTreeMap::new() };
        SpanTree { nodes: vec![root] }
    }

    /// How many spans there are, the root included.
    #[allow(clippy::len_without_is_empty)] // never empty: there is always the root
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// All spans; parents come before their children.
    pub fn ids(&self) -> impl Iterator<Item = SpanId> + use<> {
        (0..self.nodes.len() as u32).map(SpanId)
    }

    /// The span that contains this one, `None` for the root.
    pub fn parent(&self, span: SpanId) -> Option<SpanId> {
        (span != SpanId::ROOT).then(|| self.nodes[span.index()].parent)
    }

    /// The last name of its path, empty for the root.
    pub fn name(&self, span: SpanId) -> &str {
        &self.nodes[span.index()].name
    }

    /// The span of that name inside another, if there is one.
    pub fn child(&self, parent: SpanId, name: &str) -> Option<SpanId> {
        self.nodes[parent.index()].children.get(name).copied()
    }

    /// All spans directly inside another, by name.
    pub fn children(&self, parent: SpanId) -> impl Iterator<Item = SpanId> + '_ {
        self.nodes[parent.index()].children.values().copied()
    }

    /// The span of that name inside another, made if there is none.
    pub fn intern(&mut self, parent: SpanId, name: impl Into<Cow<'static, str>>) -> SpanId {
        let name = name.into();
        if let Some(span) = self.child(parent, &name) {
            return span;
        }
        let span = SpanId(u32::try_from(self.nodes.len()).expect("fewer than 2^32 spans"));
        self.nodes[parent.index()].children.insert(name.clone(), span);
        self.nodes.push(Node { parent, name, children: BTreeMap::new() });
        span
    }

    /// The names from the root to the span, joined by `/`; empty for the root.
    pub fn path(&self, span: SpanId) -> String {
        let mut names = Vec::new();
        let mut at = span;
        while let Some(parent) = self.parent(at) {
            names.push(self.name(at));
            at = parent;
        }
        names.reverse();
        names.join("/")
    }

    /// For each span of this tree, the span of the same path in another, if it has one.
    pub(crate) fn translate(&self, other: &SpanTree) -> Vec<Option<SpanId>> {
        let mut map: Vec<Option<SpanId>> = vec![Some(SpanId::ROOT)];
        for node in &self.nodes[1..] {
            let found = map[node.parent.index()].and_then(|parent| other.child(parent, &node.name));
            map.push(found);
        }
        map
    }
}
