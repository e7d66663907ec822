//! Boolean circuits as lists of gates, built from formulas.

/// A bit while a circuit is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bit {
    /// Known to all: gates with it need not be garbled.
    Constant(bool),
    /// What an input or a gate gives.
    Node(u32),
}

/// A gate of a finished circuit. It reads and writes slots, each of which holds one bit at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// `out` = `a` xor `b`.
    Xor {
        /// First operand.
        a: u32,
        /// Second operand.
        b: u32,
        /// Result.
        out: u32,
    },
    /// `out` = `a` and `b`.
    And {
        /// First operand.
        a: u32,
        /// Second operand.
        b: u32,
        /// Result.
        out: u32,
    },
    /// `out` = not `a`.
    Not {
        /// Operand.
        a: u32,
        /// Result.
        out: u32,
    },
}

/// Where an output is when all gates are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The same whatever the inputs.
    Constant(bool),
    /// In a slot.
    Slot(u32),
}

/// A circuit whose inputs are in the slots 0, 1, ... at the beginning.
#[derive(Clone, Debug)]
pub struct Circuit {
    inputs: [usize; 2],
    gates: Vec<Gate>,
    outputs: Vec<Output>,
    slots: usize,
    ands: usize,
}

impl Circuit {
    /// Input bits of the party that garbles, which come first, and of the one that evaluates.
    pub fn inputs(&self) -> [usize; 2] {
        self.inputs
    }

    /// In the order in which they are done.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// In the order in which they were asked for.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Bits that are held at once.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Number of and gates: all others are free.
    pub fn ands(&self) -> usize {
        self.ands
    }

    /// Number of xor gates.
    pub fn xors(&self) -> usize {
        self.gates.iter().filter(|gate| matches!(gate, Gate::Xor { .. })).count()
    }
}

#[derive(Clone, Copy)]
enum Node {
    Input,
    Xor(u32, u32),
    And(u32, u32),
    Not(u32),
}

impl Node {
    fn operands(self) -> impl Iterator<Item = u32> {
        let (a, b) = match self {
            Node::Input => (None, None),
            Node::Not(a) => (Some(a), None),
            Node::Xor(a, b) | Node::And(a, b) => (Some(a), Some(b)),
        };
        a.into_iter().chain(b)
    }
}

/// Makes a circuit gate by gate.
pub struct Builder {
    inputs: [usize; 2],
    nodes: Vec<Node>,
}

impl Builder {
    /// With so many input bits of the party that garbles and of the one that evaluates; and those bits.
    pub fn new(inputs: [usize; 2]) -> (Builder, [Vec<Bit>; 2]) {
        let total = inputs[0] + inputs[1];
        let bits = |from: usize, to: usize| (from..to).map(|i| Bit::Node(i as u32)).collect();
        (Builder { inputs, nodes: vec![Node::Input; total] }, [bits(0, inputs[0]), bits(inputs[0], total)])
    }

    fn node(&mut self, node: Node) -> Bit {
        self.nodes.push(node);
        Bit::Node(self.nodes.len() as u32 - 1)
    }

    /// x xor y.
    pub fn xor(&mut self, x: Bit, y: Bit) -> Bit {
        match (x, y) {
            (Bit::Constant(false), other) | (other, Bit::Constant(false)) => other,
            (Bit::Constant(true), other) | (other, Bit::Constant(true)) => self.not(other),
            (Bit::Node(a), Bit::Node(b)) if a == b => Bit::Constant(false),
            (Bit::Node(a), Bit::Node(b)) => self.node(Node::Xor(a, b)),
        }
    }

    /// x and y.
    pub fn and(&mut self, x: Bit, y: Bit) -> Bit {
        match (x, y) {
            (Bit::Constant(false), _) | (_, Bit::Constant(false)) => Bit::Constant(false),
            (Bit::Constant(true), other) | (other, Bit::Constant(true)) => other,
            (Bit::Node(a), Bit::Node(b)) if a == b => x,
            (Bit::Node(a), Bit::Node(b)) => self.node(Node::And(a, b)),
        }
    }

    /// not x.
    pub fn not(&mut self, x: Bit) -> Bit {
        match x {
            Bit::Constant(c) => Bit::Constant(!c),
            Bit::Node(a) => match self.nodes[a as usize] {
                Node::Not(before) => Bit::Node(before),
                _ => self.node(Node::Not(a)),
            },
        }
    }

    /// x or y.
    pub fn or(&mut self, x: Bit, y: Bit) -> Bit {
        let (x, y) = (self.not(x), self.not(y));
        let neither = self.and(x, y);
        self.not(neither)
    }

    /// The circuit that gives these bits. Gates that none of them needs are left out, and a slot is used again once nothing
    /// needs what it holds.
    pub fn finish(self, outputs: &[Bit]) -> Circuit {
        let inputs = self.inputs[0] + self.inputs[1];
        // When each node is needed for the last time; never, if it is not there.
        let mut last = vec![None; self.nodes.len()];
        for output in outputs {
            if let Bit::Node(node) = output {
                last[*node as usize] = Some(usize::MAX);
            }
        }
        for (place, node) in self.nodes.iter().enumerate().rev() {
            if last[place].is_some() {
                node.operands().for_each(|operand| {
                    last[operand as usize].get_or_insert(place);
                });
            }
        }
        let mut slots = inputs as u32;
        let mut places: Vec<u32> = (0..self.nodes.len() as u32).collect();
        let mut free: Vec<u32> = (0..inputs).filter(|&i| last[i].is_none()).map(|i| i as u32).collect();
        let mut gates = Vec::new();
        for (place, node) in self.nodes.iter().enumerate().skip(inputs) {
            if last[place].is_none() {
                continue;
            }
            for operand in node.operands().filter(|&operand| last[operand as usize] == Some(place)) {
                free.push(places[operand as usize]);
            }
            let out = free.pop().unwrap_or_else(|| {
                slots += 1;
                slots - 1
            });
            let at = |operand: u32| places[operand as usize];
            gates.push(match *node {
                Node::Xor(a, b) => Gate::Xor { a: at(a), b: at(b), out },
                Node::And(a, b) => Gate::And { a: at(a), b: at(b), out },
                Node::Not(a) => Gate::Not { a: at(a), out },
                Node::Input => unreachable!("inputs come first"),
            });
            places[place] = out;
        }
        let output = |bit: &Bit| match *bit {
            Bit::Constant(c) => Output::Constant(c),
            Bit::Node(node) => Output::Slot(places[node as usize]),
        };
        let ands = gates.iter().filter(|gate| matches!(gate, Gate::And { .. })).count();
        let outputs = outputs.iter().map(output).collect();
        Circuit { inputs: self.inputs, gates, outputs, slots: slots as usize, ands }
    }
}
