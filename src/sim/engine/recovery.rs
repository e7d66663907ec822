//! What TCP does about packets that are lost.
//!
//! Owns what both ends of a connection know. Every packet that enters the link is a transmission with a number,
//! and is lost if the draw of that number says so. One is taken as lost when three later ones were acknowledged; the window is
//! halved, once for all that were on their way then, and grows by a packet in each round trip from there on. If nothing
//! is on its way that will be acknowledged, and nothing was for the time-out, what is left is taken as lost, the window is one
//! packet, and the next time-out is twice as long. (A kernel measures round trips, and waits longer where they are longer.) So only
//! what is lost is sent again. The receiver hands on what it has in the order of sending.

use std::collections::{BTreeMap, VecDeque};

use crate::sim::loss::Loss;

/// So many later transmissions are acknowledged before one is taken as lost.
const DUPLICATES: u32 = 3;
/// A time-out is doubled so often at most.
const MOST_DOUBLINGS: u32 = 6;
/// The threshold is no less.
const LEAST_THRESHOLD: u64 = 2;

/// A message whose last packet this is: its number on its link, and when it was handed over.
pub(super) type Ends = (u64, u64);

/// A packet of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet {
    /// Its place among all packets of the connection.
    pub(super) place: u64,
    pub(super) bytes: u64,
    /// When its message was handed over.
    pub(super) sent_ps: u64,
    pub(super) ends: Option<Ends>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    OnTheWay,
    Acknowledged,
    Lost,
}

#[derive(Debug, Clone, Copy)]
struct Transmission {
    packet: Packet,
    state: State,
    later: u32,
}

/// What is known of a connection that loses packets.
#[derive(Debug)]
pub(super) struct Recovery {
    loss: Loss,
    packets: u64,
    /// From the number `first` on.
    transmissions: VecDeque<Transmission>,
    first: u64,
    /// To be sent again, by their places.
    again: BTreeMap<u64, Packet>,
    /// Whether the next of them does not wait for the window.
    at_once: bool,
    /// Transmissions before this one do not narrow the window any more.
    narrowed_before: u64,
    /// Up to here the window grows by a packet for each acknowledgement, then for each window of them.
    threshold: u64,
    counted: u64,
    doublings: u32,
    /// Acknowledgements on their way: when, and of which transmission.
    pub(super) acknowledgements: VecDeque<(u64, u64)>,
    pub(super) times_out_ps: Option<u64>,
    /// When the event comes that stands for that; it may be earlier.
    pub(super) timed_ps: Option<u64>,
    /// At the receiver: the place of the packet that it hands on next, and the later ones that it has.
    handed_on: u64,
    beyond: BTreeMap<u64, Option<Ends>>,
}

impl Recovery {
    pub(super) fn new(loss: Loss) -> Recovery {
        Recovery {
            loss,
            packets: 0,
            transmissions: VecDeque::new(),
            first: 0,
            again: BTreeMap::new(),
            at_once: false,
            narrowed_before: 0,
            threshold: u64::MAX,
            counted: 0,
            doublings: 0,
            acknowledgements: VecDeque::new(),
            times_out_ps: None,
            timed_ps: None,
            handed_on: 0,
            beyond: BTreeMap::new(),
        }
    }

    /// The same from the first packet on.
    pub(super) fn reset(&mut self) {
        *self = Recovery::new(self.loss);
    }

    /// A packet of new data.
    pub(super) fn packet(&mut self, bytes: u64, sent_ps: u64, ends: Option<Ends>) -> Packet {
        self.packets += 1;
        Packet { place: self.packets - 1, bytes, sent_ps, ends }
    }

    /// The packet that is to be sent again next, if the window has room or it does not wait for that.
    pub(super) fn next_again(&mut self, has_room: bool) -> Option<Packet> {
        if !has_room && !self.at_once {
            return None;
        }
        let (_, packet) = self.again.pop_first()?;
        self.at_once = false;
        Some(packet)
    }

    /// Whether nothing waits to be sent again.
    pub(super) fn is_done(&self) -> bool {
        self.again.is_empty()
    }

    /// A packet enters the link: its number if it arrives.
    pub(super) fn transmit(&mut self, packet: Packet) -> Option<u64> {
        let number = self.first + self.transmissions.len() as u64;
        self.transmissions.push_back(Transmission { packet, state: State::OnTheWay, later: 0 });
        (!self.loss.takes(number)).then_some(number)
    }

    /// A transmission was acknowledged, with such a window: whether that is wider now, how many packets are no more in flight,
    /// and what the window is if it was narrowed.
    pub(super) fn acknowledged(&mut self, number: u64, window: u64) -> (bool, u64, Option<u64>) {
        let (mut gone, mut narrowed) = (1, None);
        let place = (number - self.first) as usize;
        let own = &mut self.transmissions[place];
        assert_eq!(own.state, State::OnTheWay, "what is acknowledged was not lost");
        own.state = State::Acknowledged;
        for earlier in 0..place {
            let one = &mut self.transmissions[earlier];
            if one.state != State::OnTheWay {
                continue;
            }
            one.later += 1;
            if one.later == DUPLICATES {
                one.state = State::Lost;
                self.again.insert(one.packet.place, one.packet);
                gone += 1;
                if self.first + earlier as u64 >= self.narrowed_before && narrowed.is_none() {
                    self.threshold = (window / 2).max(LEAST_THRESHOLD);
                    narrowed = Some(self.threshold);
                    self.at_once = true;
                }
            }
        }
        let calm = number >= self.narrowed_before && narrowed.is_none();
        if narrowed.is_some() {
            self.narrowed_before = self.first + self.transmissions.len() as u64;
            self.counted = 0;
        }
        self.doublings = 0;
        let mut wider = calm && window < self.threshold;
        if calm && !wider {
            self.counted += 1;
            if self.counted >= window {
                (self.counted, wider) = (0, true);
            }
        }
        self.forget();
        (wider, gone, narrowed)
    }

    /// Nothing was acknowledged for too long: how many packets are no more in flight.
    pub(super) fn time_out(&mut self, window: u64) -> u64 {
        let mut gone = 0;
        for one in self.transmissions.iter_mut().filter(|one| one.state == State::OnTheWay) {
            one.state = State::Lost;
            self.again.insert(one.packet.place, one.packet);
            gone += 1;
        }
        if self.doublings == 0 {
            self.threshold = (window / 2).max(LEAST_THRESHOLD);
        }
        self.doublings = (self.doublings + 1).min(MOST_DOUBLINGS);
        self.narrowed_before = self.first + self.transmissions.len() as u64;
        (self.counted, self.at_once) = (0, false);
        self.forget();
        gone
    }

    /// How long the time-out is now.
    pub(super) fn time_out_ps(&self, rto_ps: u64) -> u64 {
        rto_ps.saturating_mul(1 << self.doublings)
    }

    /// Those of which nothing is to come.
    fn forget(&mut self) {
        while self.transmissions.front().is_some_and(|one| one.state != State::OnTheWay) {
            self.transmissions.pop_front();
            self.first += 1;
        }
    }

    /// A packet has arrived: the messages that the receiver hands on with it.
    pub(super) fn receive(&mut self, packet: Packet) -> Vec<Ends> {
        let mut all = Vec::new();
        self.beyond.insert(packet.place, packet.ends);
        while let Some(ends) = self.beyond.remove(&self.handed_on) {
            self.handed_on += 1;
            all.extend(ends);
        }
        all
    }
}
