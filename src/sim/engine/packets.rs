//! TCP's packets where several connections share a party's interface: one after the other, in the order of time.
//!
//! Owns the packets on their way. A packet that the window of its connection lets in passes its sender's outgoing interface, in
//! the order in which packets were let in, then its link, and, once its first bit is there, the receiver's incoming interface
//! (ties: sender, then receiver). Its acknowledgement is back a latency after its last bit has arrived. So windows depend on what
//! others send, which is known only when all parties wait. Here is no more than what happens when; windows are those of
//! [`super::window`].

use super::{
    Engine, Served, Stage,
    lines::{ACKNOWLEDGED, Ends, HEAD, OnTheWay, Waiting, event, taken_apart},
    window::Passed,
};
use crate::sim::{
    error::{Overflow, sum},
    timeline::{MessageId, Timeline},
};

impl Engine {
    /// Lets happen what comes next until a message has arrived. To be called only when every party waits.
    pub(super) fn serve_packets(&mut self) -> Result<Option<Served>, Overflow> {
        loop {
            let lines = self.shape.as_mut().and_then(|shape| shape.lines.as_mut()).expect("packets");
            let Some(next) = lines.events.pop() else { return Ok(None) };
            let (now_ps, what, (from, to)) = taken_apart(next);
            let link = from * self.parties + to;
            match what {
                HEAD => {
                    if let Some(served) = self.reach(link)? {
                        return Ok(Some(served));
                    }
                }
                ACKNOWLEDGED => {
                    lines.lines[link].goes_on_ps = None;
                    self.let_in(link, now_ps)?;
                }
                _ => self.take_over(link, now_ps)?,
            }
        }
    }

    /// A message comes to its connection.
    fn take_over(&mut self, link: usize, now_ps: u64) -> Result<(), Overflow> {
        let shape = self.shape.as_mut().expect("a shaped network");
        let (lines, windows) = (shape.lines.as_mut().expect("packets"), shape.windows.as_mut().expect("TCP"));
        let line = &mut lines.lines[link];
        let (ordinal, sent_ps) = line.handed_over.pop_front().expect("it was handed over");
        let wire = &self.wires[link];
        let payload_bytes = wire.flights[(ordinal - wire.first) as usize].payload_bytes;
        let packets = self.overhead.packets(payload_bytes).ok_or(Overflow)?;
        let idle = line.waiting.is_empty();
        line.waiting.push_back(Waiting { ordinal, sent_ps, packets });
        if idle {
            windows.links[link].begin(now_ps);
            self.let_in(link, now_ps)?;
        }
        Ok(())
    }

    /// Packets of a link pass its sender's interface and the link, as far as the window lets them in now.
    fn let_in(&mut self, link: usize, now_ps: u64) -> Result<(), Overflow> {
        let shape = self.shape.as_mut().expect("a shaped network");
        let (lines, windows) = (shape.lines.as_mut().expect("packets"), shape.windows.as_mut().expect("TCP"));
        let (line, window) = (&mut lines.lines[link], &mut windows.links[link]);
        let pair = (link / self.parties, link % self.parties);
        let (wire, port) = (&self.wires[link], &mut self.egress[pair.0]);
        while let Some(message) = line.waiting.front_mut() {
            if !window.has_room(now_ps) {
                break;
            }
            let (bytes, is_last) = message.next().expect("a message that waits has packets");
            let mut start_ps = now_ps;
            let mut end_ps = now_ps;
            if port.rate.is_limited() {
                start_ps = start_ps.max(port.free_ps);
                port.free_ps = sum(start_ps, port.rate.duration_ps(bytes).ok_or(Overflow)?)?;
                end_ps = port.free_ps;
            }
            start_ps = start_ps.max(window.free_ps());
            end_ps = end_ps.max(sum(start_ps, wire.rate.duration_ps(bytes).ok_or(Overflow)?)?);
            window.let_in(message.sent_ps, now_ps, start_ps, end_ps);
            let (head_ps, tail_ps) = (sum(start_ps, wire.latency_ps)?, sum(end_ps, wire.latency_ps)?);
            let ends = is_last.then(|| {
                let Waiting { ordinal, sent_ps, .. } = *message;
                let start_ps = sent_ps.max(line.entered_ps);
                Ends { ordinal, sent_ps, passed: window.passed(sent_ps, start_ps) }
            });
            if is_last {
                line.entered_ps = end_ps;
                line.waiting.pop_front();
            }
            line.on_the_way.push_back(OnTheWay { head_ps, tail_ps, bytes, ends });
            lines.events.push(event(head_ps, HEAD, pair, 0));
        }
        line.wait_for(window.next_acknowledgement(), pair, &mut lines.events);
        Ok(())
    }

    /// A packet reaches its receiver. Gives the message that has arrived with it.
    fn reach(&mut self, link: usize) -> Result<Option<Served>, Overflow> {
        let shape = self.shape.as_mut().expect("a shaped network");
        let (lines, windows) = (shape.lines.as_mut().expect("packets"), shape.windows.as_mut().expect("TCP"));
        let (line, window) = (&mut lines.lines[link], &mut windows.links[link]);
        let (from, to) = (link / self.parties, link % self.parties);
        let (wire, port) = (&mut self.wires[link], &mut self.ingress[to]);
        let OnTheWay { head_ps, tail_ps, bytes, ends } = line.on_the_way.pop_front().expect("a head");
        let (mut arrival_ps, mut own_ps, mut queueing_ps) = (tail_ps, 0, 0);
        if port.rate.is_limited() {
            let port_ps = port.rate.duration_ps(bytes).ok_or(Overflow)?;
            let alone_ps = tail_ps.max(sum(head_ps, port_ps)?);
            let begin_ps = head_ps.max(port.free_ps);
            port.free_ps = sum(begin_ps, port_ps)?;
            arrival_ps = alone_ps.max(port.free_ps);
            let held_ps = arrival_ps - alone_ps;
            let held_by_own_ps = wire.holds.within(begin_ps - held_ps, begin_ps);
            wire.holds.forget(head_ps);
            wire.holds.add(begin_ps, port.free_ps);
            port.last = Some(MessageId { from, to, ordinal: 0 });
            (own_ps, queueing_ps) = (alone_ps - tail_ps + held_by_own_ps, held_ps - held_by_own_ps);
        }
        window.will_be_acknowledged(sum(arrival_ps, wire.latency_ps)?);
        line.wait_for(window.next_acknowledgement(), (from, to), &mut lines.events);
        let Some(Ends { ordinal, sent_ps, passed }) = ends else { return Ok(None) };
        let Passed { start_ps, serialised_ps, window_ps, own_window_ps } = passed;
        let index = (ordinal - wire.first) as usize;
        let flight = &mut wire.flights[index];
        let serialisation_ps = serialised_ps - sent_ps - window_ps + own_ps;
        (flight.arrival_ps, flight.stage) = (arrival_ps, Stage::Arrived);
        flight.latency_ps += wire.latency_ps;
        flight.serialisation_ps += serialisation_ps;
        flight.queueing_ps += queueing_ps;
        flight.window_ps += window_ps;
        if let Some(timeline) = wire.timelines.get_mut(index) {
            let before = shape.last_passed[link].map(|ordinal| MessageId { from, to, ordinal });
            let head_ps = start_ps + wire.latency_ps;
            *timeline = Timeline {
                start_ps,
                serialised_ps,
                head_ps,
                arrival_ps,
                delay_ps: wire.latency_ps,
                latency_ps: wire.latency_ps,
                serialisation_ps,
                window_ps,
                own_window_ps,
                own_queueing_ps: queueing_ps,
                behind: before.filter(|_| start_ps > sent_ps),
                interface_ps: head_ps,
                ..Timeline::handed_over(sent_ps)
            };
        }
        shape.last_passed[link] = Some(ordinal);
        Ok(Some(Served { from, to, ordinal, head_ps }))
    }
}
