//! One order of the operations of a GOAL rank, which is a graph: what a party of a trace does, one thing after the other.
//!
//! A rank has one processor, and calculations and sends need it, so they have an order whatever the graph leaves open: the one in which
//! they become possible, and of those that become possible at once, sends first, then as in the file. That is how LogGOPSim does it. A
//! receive needs no processor: it is put where nothing can be done any more without what it brings. So a party never waits while it could
//! do something. Where that cannot be, since one thing needs one message and another thing another message, the graph is
//! refused.
//!
//! One thing remains for which the graph's time is not that of the line: something for which a message came early would be put in front of
//! what became possible after that. `Ordered::late` counts the places.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::tags::{Line, Posted, Step};
use super::text::Place;

/// What a rank does.
#[derive(Clone, Copy)]
pub(super) enum Act {
    Calculate { ps: u64 },
    Send { to: usize, tag: u64, bytes: u64 },
    Receive { from: Option<usize>, tag: Option<u64>, bytes: u64 },
}

/// Until when an operation waits for another one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    Begun,
    Done,
}

/// A node of the graph.
pub(super) struct Operation {
    pub(super) act: Act,
    pub(super) cpu: u8,
    pub(super) at: Place,
    /// Indices of other operations.
    pub(super) needs: Vec<(usize, Until)>,
}

impl Operation {
    fn receives(&self) -> bool {
        matches!(self.act, Act::Receive { .. })
    }

    /// Sends begin before receives are posted, and these before calculations.
    fn rank(&self) -> u8 {
        match self.act {
            Act::Send { .. } => 0,
            Act::Receive { .. } => 1,
            Act::Calculate { .. } => 2,
        }
    }
}

/// Why a graph is no line: the operation that is to blame, and another one.
pub(super) enum Tangle {
    /// They wait for each other.
    Cycle(usize),
    /// Each could be done when its own message comes, and the other one's has not.
    Waits { one: usize, needs: usize, other: usize },
    /// They run on two processors at the same time.
    Processors { one: usize, other: usize },
    /// Which of two receives is posted first, and takes the first message, depends on when messages come.
    Posts { one: usize, other: usize },
}

/// A line, and what its order left open.
pub(super) struct Ordered {
    pub(super) line: Line,
    /// How many operations would come later than something for which a message came early.
    pub(super) late: u64,
    /// The first of them: what is done, and what may have been possible.
    pub(super) first_late: Option<(usize, usize)>,
}

/// That a receive was posted.
struct Post {
    /// Its number in the order of posting.
    post: usize,
    moment: usize,
}

/// Operations that are being put in order.
struct Ordering<'a> {
    operations: &'a [Operation],
    /// Who waits for each, and until when.
    followers: Vec<Vec<(usize, Until)>>,
    /// For how much each waits.
    left: Vec<usize>,
    /// When each became possible: how many things had been done.
    possible: Vec<Option<usize>>,
    /// When each was done.
    done: Vec<Option<usize>>,
    moment: usize,
    queue: VecDeque<usize>,
    /// Posted, and not taken.
    waiting: BTreeSet<usize>,
    /// Of each receive that was posted.
    posts: BTreeMap<usize, Post>,
    ordered: Ordered,
    several_cpus: bool,
}

impl Ordering<'_> {
    fn new(operations: &[Operation]) -> Ordering<'_> {
        let mut followers = vec![Vec::new(); operations.len()];
        for (at, operation) in operations.iter().enumerate() {
            for &(needed, until) in &operation.needs {
                followers[needed].push((at, until));
            }
        }
        let count = operations.len();
        let cpus: BTreeSet<u8> = operations.iter().map(|operation| operation.cpu).collect();
        Ordering {
            operations,
            followers,
            left: operations.iter().map(|operation| operation.needs.len()).collect(),
            possible: vec![None; count],
            done: vec![None; count],
            moment: 0,
            queue: VecDeque::new(),
            waiting: BTreeSet::new(),
            posts: BTreeMap::new(),
            ordered: Ordered { line: Line::default(), late: 0, first_late: None },
            several_cpus: cpus.len() > 1,
        }
    }

    /// Something that was needed has happened: what becomes possible by that.
    fn happened(&mut self, at: usize, what: Until, new: &mut Vec<(usize, Until)>) {
        for &(follower, until) in &self.followers[at] {
            if until == what {
                self.left[follower] -= 1;
                if self.left[follower] == 0 {
                    new.push((follower, what));
                }
            }
        }
    }

    /// Operations that have become possible at one moment, each with what it waited for last.
    fn begin(&mut self, mut new: Vec<(usize, Until)>) {
        new.sort_by_key(|&(at, last)| (self.operations[at].rank(), last == Until::Done, at));
        for (at, _) in new {
            self.possible[at] = Some(self.moment);
            self.queue.push_back(at);
        }
    }

    /// From now on a receive takes what comes.
    fn post(&mut self, at: usize) {
        let operation = &self.operations[at];
        let Act::Receive { from, tag, bytes } = operation.act else { unreachable!("a receive is posted") };
        self.moment += 1;
        let post = self.ordered.line.posted.len();
        self.posts.insert(at, Post { post, moment: self.moment });
        self.ordered.line.posted.push(Posted { from, tag, bytes: Some(bytes), at: operation.at });
        self.waiting.insert(at);
        let mut new = Vec::new();
        self.happened(at, Until::Begun, &mut new);
        self.begin(new);
    }

    /// Puts receives into the line that are waited for together.
    fn take(&mut self, receives: &[usize]) {
        let mut new = Vec::new();
        self.moment += 1;
        for (which, at) in receives.iter().enumerate() {
            self.done[*at] = Some(self.moment);
            self.waiting.remove(at);
            let step = Step::Take { posted: self.posts[at].post, waits: which == 0 };
            self.ordered.line.steps.push(step);
            self.happened(*at, Until::Done, &mut new);
        }
        self.begin(new);
    }

    /// Puts what needs the processor into the line.
    fn run(&mut self, at: usize) -> Result<(), Tangle> {
        let mut new = Vec::new();
        self.happened(at, Until::Begun, &mut new);
        self.look_beside(at, &new)?;
        let operation = &self.operations[at];
        self.ordered.line.steps.push(match operation.act {
            Act::Calculate { ps } => Step::Work { ps },
            Act::Send { to, tag, bytes } => Step::Send { to, tag, bytes, at: operation.at },
            Act::Receive { .. } => unreachable!("a receive needs no processor"),
        });
        self.moment += 1;
        self.done[at] = Some(self.moment);
        self.happened(at, Until::Done, &mut new);
        // Receives that are possible now are posted while it runs.
        let mut posted = Vec::new();
        if self.takes_time(at) {
            posted = self.receives_in_queue().collect();
            self.queue.retain(|&at| !self.operations[at].receives());
        }
        self.begin(new);
        for at in posted {
            self.post(at);
        }
        Ok(())
    }

    fn takes_time(&self, at: usize) -> bool {
        matches!(self.operations[at].act, Act::Calculate { ps: 1.. })
    }

    fn receives_in_queue(&self) -> impl Iterator<Item = usize> + '_ {
        self.queue.iter().copied().filter(|&at| self.operations[at].receives())
    }

    /// What becomes possible when these receives are done and nothing else is, in the order in which that shows.
    fn reached(&self, receives: &[usize]) -> Vec<usize> {
        let mut less: BTreeMap<usize, usize> = BTreeMap::new();
        let (mut ready, mut reached) = (receives.to_vec(), Vec::new());
        while let Some(at) = ready.pop() {
            for &(follower, until) in &self.followers[at] {
                // What is posted already has begun.
                if until == Until::Begun && self.waiting.contains(&at) {
                    continue;
                }
                let less = less.entry(follower).or_default();
                *less += 1;
                if *less == self.left[follower] {
                    match self.operations[follower].receives() {
                        true => ready.push(follower),
                        false => reached.push(follower),
                    }
                }
            }
        }
        reached.sort_unstable();
        reached
    }

    /// The receives that are waited for and that an operation cannot do without.
    fn needed(&self, at: usize) -> BTreeSet<usize> {
        let (mut needed, mut seen, mut ways) = (BTreeSet::new(), BTreeSet::new(), vec![at]);
        while let Some(at) = ways.pop() {
            for &(before, until) in &self.operations[at].needs {
                let waits = self.waiting.contains(&before);
                if self.done[before].is_some() || (waits && until == Until::Begun) {
                    continue;
                }
                if waits {
                    needed.insert(before);
                } else if seen.insert(before) {
                    ways.push(before);
                }
            }
        }
        needed
    }

    /// The receives to be waited for now: without them nothing can be done.
    fn awaited(&self) -> Result<Vec<usize>, Tangle> {
        let waiting: Vec<usize> = self.waiting.iter().copied().collect();
        if waiting.len() == 1 {
            return Ok(waiting);
        }
        let next = self.reached(&waiting);
        let Some((&one, others)) = next.split_first() else { return Ok(self.by_posts(waiting)) };
        let mut common = self.needed(one);
        for &other in others {
            let needs = *common.first().expect("some are left");
            common = common.intersection(&self.needed(other)).copied().collect();
            if common.is_empty() {
                return Err(Tangle::Waits { one, needs, other });
            }
        }
        Ok(self.by_posts(common.into_iter().collect()))
    }

    fn by_posts(&self, mut receives: Vec<usize>) -> Vec<usize> {
        receives.sort_by_key(|at| self.posts[at].post);
        receives
    }

    /// Looks what could be done instead of an operation, or beside it: `begun` can when it has begun.
    fn look_beside(&mut self, at: usize, begun: &[(usize, Until)]) -> Result<(), Tangle> {
        if self.several_cpus && self.takes_time(at) {
            let receives: Vec<usize> = self.waiting.iter().copied().chain(self.receives_in_queue()).collect();
            let come = self.reached(&receives);
            let cpu = self.operations[at].cpu;
            let mut beside = self.queue.iter().chain(begun.iter().map(|(at, _)| at)).chain(&come);
            let elsewhere =
                |other: &&usize| !self.operations[**other].receives() && self.operations[**other].cpu != cpu;
            if let Some(&other) = beside.find(elsewhere) {
                return Err(Tangle::Processors { one: at, other });
            }
        }
        let earlier = |receive: &usize| Some(self.posts[receive].moment) <= self.possible[at];
        let earlier: Vec<usize> = self.waiting.iter().copied().filter(earlier).collect();
        if earlier.is_empty() {
            return Ok(());
        }
        if let Some(&other) = self.reached(&earlier).first() {
            self.ordered.late += 1;
            self.ordered.first_late.get_or_insert((at, other));
        }
        Ok(())
    }

    /// An operation that waits for itself, if nothing can be done any more.
    fn cycle(&self) -> usize {
        let mut at = self.done.iter().position(Option::is_none).expect("something is left");
        let mut seen = BTreeSet::new();
        while seen.insert(at) {
            let blocked = |&&(before, until): &&(usize, Until)| {
                self.done[before].is_none() && !(until == Until::Begun && self.possible[before].is_some())
            };
            at = self.operations[at].needs.iter().find(blocked).expect("it waits for something").0;
        }
        at
    }

    /// Whether one operation begins before another one whatever comes when: it is among what that one needs, or all is that it needs itself.
    fn before(&self, one: usize, other: usize) -> bool {
        let mut goals: BTreeMap<usize, Until> = BTreeMap::new();
        for &(at, until) in &self.operations[one].needs {
            let goal = goals.entry(at).or_insert(until);
            if until == Until::Done {
                *goal = until;
            }
        }
        let earliest = goals.keys().filter_map(|&at| self.possible[at]).min();
        let (mut seen, mut ways) = (BTreeSet::new(), vec![other]);
        while let Some(at) = ways.pop() {
            if goals.is_empty() || at == one {
                return true;
            }
            for &(before, until) in &self.operations[at].needs {
                if goals.get(&before).is_some_and(|&goal| goal == Until::Begun || until == Until::Done) {
                    goals.remove(&before);
                }
                if self.possible[before] >= earliest && seen.insert(before) {
                    ways.push(before);
                }
            }
        }
        goals.is_empty()
    }

    /// Refuses receives that could take each other's messages, if they are posted in an order that is not sure.
    fn check_posts(&self) -> Result<(), Tangle> {
        let mut last: BTreeMap<(Option<usize>, Option<u64>), usize> = BTreeMap::new();
        let mut receives: Vec<(usize, usize)> =
            self.posts.iter().map(|(&at, post)| (post.post, at)).collect();
        receives.sort_unstable();
        let source = |at: usize| match self.operations[at].act {
            Act::Receive { from, tag, .. } => (from, tag),
            _ => unreachable!("a receive is posted"),
        };
        // With wildcards, any two could.
        let wild = receives.iter().any(|&(_, at)| matches!(source(at), (None, _) | (_, None)));
        for (_, at) in receives {
            let key = if wild { (None, None) } else { source(at) };
            if let Some(before) = last.insert(key, at).filter(|&before| !self.before(before, at)) {
                return Err(Tangle::Posts { one: before, other: at });
            }
        }
        Ok(())
    }
}

/// The order.
pub(super) fn ordered(operations: &[Operation]) -> Result<Ordered, Tangle> {
    let mut ordering = Ordering::new(operations);
    let free = (0..operations.len()).filter(|&at| operations[at].needs.is_empty());
    ordering.begin(free.map(|at| (at, Until::Done)).collect());
    loop {
        if let Some(at) = ordering.queue.pop_front() {
            match operations[at].receives() {
                true => ordering.post(at),
                false => ordering.run(at)?,
            }
        } else if !ordering.waiting.is_empty() {
            let awaited = ordering.awaited()?;
            ordering.take(&awaited);
        } else if ordering.done.iter().any(Option::is_none) {
            return Err(Tangle::Cycle(ordering.cycle()));
        } else {
            ordering.check_posts()?;
            return Ok(ordering.ordered);
        }
    }
}
