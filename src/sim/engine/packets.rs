//! TCP's packets where several connections share a party's interface, or where packets are lost: one after the other, in the
//! order of time.
//!
//! Owns the packets on their way. A packet that the window of its connection lets in passes its sender's outgoing interface, in
//! the order in which packets were let in, then its link, and, once its first bit is there, the receiver's incoming interface
//! (ties: sender, then receiver). Its acknowledgement is back a latency after its last bit has arrived. So windows depend on what
//! others send, which is known only when all parties wait. Here is no more than what happens when; windows are those of
//! [`super::window`], and what is done about lost packets is in [`super::recovery`].

use super::{
    Engine, Served,
    lines::{ACKNOWLEDGED, HANDED_OVER, HEAD, OnTheWay, TIMES_OUT, Waiting, event, taken_apart},
    recovery::Packet,
    shaped::Incoming,
};
use crate::sim::{
    error::{Overflow, sum},
    timeline::MessageId,
};

impl Engine {
    /// Lets happen what comes next until a message has arrived. To be called only when every party waits.
    pub(super) fn serve_packets(&mut self) -> Result<Option<Served>, Overflow> {
        loop {
            let lines = self.shape.as_mut().and_then(|shape| shape.lines.as_mut()).expect("packets");
            if let Some((link, ordinal, head_ps)) = lines.arrived.pop_front() {
                let (from, to) = (link / self.parties, link % self.parties);
                return Ok(Some(Served { from, to, ordinal, head_ps }));
            }
            let Some(next) = lines.events.pop() else { return Ok(None) };
            let (now_ps, what, (from, to)) = taken_apart(next);
            let link = from * self.parties + to;
            match what {
                HEAD => self.reach(link)?,
                ACKNOWLEDGED => self.acknowledged(link, now_ps)?,
                HANDED_OVER => self.take_over(link, now_ps)?,
                _ => self.time_out(link, now_ps)?,
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

    /// An acknowledgement that something waits for has come.
    fn acknowledged(&mut self, link: usize, now_ps: u64) -> Result<(), Overflow> {
        let shape = self.shape.as_mut().expect("a shaped network");
        let (lines, windows) = (shape.lines.as_mut().expect("packets"), shape.windows.as_mut().expect("TCP"));
        let (line, window) = (&mut lines.lines[link], &mut windows.links[link]);
        line.goes_on_ps = None;
        if let Some(recovery) = &mut line.recovery {
            line.done_ps = now_ps;
            let (_, number) = recovery.acknowledgements.pop_front().expect("one is there");
            let (wider, gone, narrowed) = recovery.acknowledged(number, window.window());
            window.come_back(gone, wider);
            narrowed.into_iter().for_each(|packets| window.narrow(packets));
        }
        self.let_in(link, now_ps)?;
        self.count_anew(link, now_ps);
        Ok(())
    }

    /// Time has come, or was put off.
    fn time_out(&mut self, link: usize, now_ps: u64) -> Result<(), Overflow> {
        let shape = self.shape.as_mut().expect("a shaped network");
        let (lines, windows) = (shape.lines.as_mut().expect("packets"), shape.windows.as_mut().expect("TCP"));
        let window = &mut windows.links[link];
        let pair = (link / self.parties, link % self.parties);
        let line = &mut lines.lines[link];
        let recovery = line.recovery.as_mut().expect("packets are lost there");
        if recovery.timed_ps != Some(now_ps) {
            // Another event has taken its place.
            return Ok(());
        }
        recovery.timed_ps = None;
        match recovery.times_out_ps {
            Some(later_ps) if later_ps > now_ps => {
                recovery.timed_ps = Some(later_ps);
                lines.events.push(event(later_ps, TIMES_OUT, pair, 0));
                return Ok(());
            }
            // When it is acknowledged, time counts anew.
            Some(_) if line.on_the_way.is_empty() && recovery.acknowledgements.is_empty() => {}
            _ => return Ok(()),
        }
        line.done_ps = now_ps;
        let gone = recovery.time_out(window.window());
        window.come_back(gone, false);
        window.narrow(1);
        self.let_in(link, now_ps)?;
        self.count_anew(link, now_ps);
        Ok(())
    }

    fn count_anew(&mut self, link: usize, now_ps: u64) {
        let shape = self.shape.as_mut().expect("a shaped network");
        let (lines, windows) = (shape.lines.as_mut().expect("packets"), shape.windows.as_ref().expect("TCP"));
        let pair = (link / self.parties, link % self.parties);
        lines.lines[link].count_anew(now_ps, &windows.links[link], pair, &mut lines.events);
    }

    /// Packets of a link pass its sender's interface and the link, as far as the window lets them in now.
    fn let_in(&mut self, link: usize, now_ps: u64) -> Result<(), Overflow> {
        let shape = self.shape.as_mut().expect("a shaped network");
        let (lines, windows) = (shape.lines.as_mut().expect("packets"), shape.windows.as_mut().expect("TCP"));
        let (line, window) = (&mut lines.lines[link], &mut windows.links[link]);
        let pair = (link / self.parties, link % self.parties);
        let (wire, port) = (&self.wires[link], &mut self.egress[pair.0]);
        let mut sends = false;
        loop {
            let has_room = window.has_room(now_ps);
            let again = line.recovery.as_mut().and_then(|recovery| recovery.next_again(has_room));
            let packet = match (again, line.waiting.front_mut()) {
                (Some(packet), _) => packet,
                (None, Some(message))
                    if has_room && line.recovery.as_ref().is_none_or(|recovery| recovery.is_done()) =>
                {
                    let (bytes, is_last) = message.next().expect("a message that waits has packets");
                    let Waiting { ordinal, sent_ps, .. } = *message;
                    if is_last {
                        line.waiting.pop_front();
                    }
                    let ends = is_last.then_some((ordinal, sent_ps));
                    match &mut line.recovery {
                        Some(recovery) => recovery.packet(bytes, sent_ps, ends),
                        None => Packet { place: 0, bytes, sent_ps, ends },
                    }
                }
                _ => break,
            };
            sends = true;
            let (mut start_ps, mut end_ps) = (now_ps, now_ps);
            if port.rate.is_limited() {
                start_ps = start_ps.max(port.free_ps);
                port.free_ps = sum(start_ps, port.rate.duration_ps(packet.bytes).ok_or(Overflow)?)?;
                end_ps = port.free_ps;
            }
            start_ps = start_ps.max(window.free_ps());
            end_ps = end_ps.max(sum(start_ps, wire.rate.duration_ps(packet.bytes).ok_or(Overflow)?)?);
            window.let_in(packet.sent_ps, now_ps, start_ps, end_ps);
            let (head_ps, tail_ps) = (sum(start_ps, wire.latency_ps)?, sum(end_ps, wire.latency_ps)?);
            let number = match &mut line.recovery {
                Some(recovery) => recovery.transmit(packet),
                None => Some(0),
            };
            if let Some(number) = number {
                line.on_the_way.push_back(OnTheWay { head_ps, tail_ps, packet, number });
                lines.events.push(event(head_ps, HEAD, pair, 0));
            }
        }
        if line.recovery.is_none() {
            line.wait_for(window.next_acknowledgement(), pair, &mut lines.events);
        } else if sends {
            line.count_anew(now_ps, window, pair, &mut lines.events);
        }
        Ok(())
    }

    /// A packet reaches its receiver.
    fn reach(&mut self, link: usize) -> Result<(), Overflow> {
        let shape = self.shape.as_mut().expect("a shaped network");
        let (lines, windows) = (shape.lines.as_mut().expect("packets"), shape.windows.as_mut().expect("TCP"));
        let (line, window) = (&mut lines.lines[link], &mut windows.links[link]);
        let (from, to) = (link / self.parties, link % self.parties);
        let (wire, port) = (&mut self.wires[link], &mut self.ingress[to]);
        let OnTheWay { head_ps, tail_ps, packet, number } = line.on_the_way.pop_front().expect("a head");
        let (mut arrival_ps, mut own_ps, mut queueing_ps) = (tail_ps, 0, 0);
        if port.rate.is_limited() {
            let port_ps = port.rate.duration_ps(packet.bytes).ok_or(Overflow)?;
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
        let acknowledged_ps = sum(arrival_ps, wire.latency_ps)?;
        let whole = match &mut line.recovery {
            Some(recovery) => {
                recovery.acknowledgements.push_back((acknowledged_ps, number));
                lines.events.push(event(acknowledged_ps, ACKNOWLEDGED, (from, to), 0));
                recovery.receive(packet)
            }
            None => {
                window.will_be_acknowledged(acknowledged_ps);
                line.wait_for(window.next_acknowledgement(), (from, to), &mut lines.events);
                packet.ends.into_iter().collect()
            }
        };
        for (ordinal, sent_ps) in whole {
            let serialised_ps = tail_ps - wire.latency_ps;
            let passed = window.passed(sent_ps, sent_ps.max(line.entered_ps), serialised_ps);
            line.entered_ps = serialised_ps;
            let before = shape.last_passed[link].map(|ordinal| MessageId { from, to, ordinal });
            let incoming = Incoming { arrival_ps, own_ps, queueing_ps };
            let head_ps = wire.passed_window((ordinal, sent_ps), &passed, &incoming, before);
            shape.last_passed[link] = Some(ordinal);
            lines.arrived.push_back((link, ordinal, head_ps));
        }
        Ok(())
    }
}
