//! Headers of a packet, down to TCP.

use std::net::{IpAddr, SocketAddr};

use super::Problem;

/// What a packet carries of a TCP connection.
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    /// The number of its first byte.
    pub(super) sequence: u32,
    /// It begins the connection, which takes a number of its own.
    pub(super) begins: bool,
    /// It ends a write.
    pub(super) pushes: bool,
    /// Bytes that it carries.
    pub(super) length: usize,
    /// What was kept of them.
    pub(super) content: &'a [u8],
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86DD;
/// Tags of virtual networks.
const TAGS: [u16; 2] = [0x8100, 0x88A8];
const TCP: u8 = 6;

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Where a frame's IP packet begins, and which version it is; none if it carries something else.
fn ip(link_type: u32, bytes: &[u8]) -> Result<Option<usize>, Problem> {
    let short = || Problem::Short(bytes.len());
    let by_type = |kind: u16, at: usize| matches!(kind, IPV4 | IPV6).then_some(at);
    Ok(match link_type {
        // Loopback: the family of addresses in the byte order of the machine, or of the network.
        0 | 108 => Some(4),
        // Ethernet.
        1 => {
            let (mut kind, mut at) = (half(bytes, 12).ok_or_else(short)?, 14);
            while TAGS.contains(&kind) {
                kind = half(bytes, at + 2).ok_or_else(short)?;
                at += 4;
            }
            by_type(kind, at)
        }
        // Raw IP.
        12 | 14 | 101 | 228 | 229 => Some(0),
        // Linux cooked, both versions.
        113 => by_type(half(bytes, 14).ok_or_else(short)?, 16),
        276 => by_type(half(bytes, 0).ok_or_else(short)?, 20),
        other => return Err(Problem::LinkType(other)),
    })
}

/// Where TCP begins in an IP packet, how many bytes the packet has from there, and its addresses; none if it carries something else.
fn tcp(
    packet: &[u8],
    captured: usize,
    original: usize,
) -> Result<Option<(usize, usize, [IpAddr; 2])>, Problem> {
    let short = || Problem::Short(captured);
    let version = packet.first().ok_or_else(short)? >> 4;
    match version {
        4 => {
            let head = packet.get(..20).ok_or_else(short)?;
            let header = usize::from(head[0] & 0xF) * 4;
            if head[9] != TCP || header < 20 {
                return Ok(None);
            }
            if half(head, 6).expect("two bytes") & 0x3FFF != 0 {
                return Err(Problem::Fragment);
            }
            let total = usize::from(half(head, 2).expect("two bytes"));
            // Packets that the network card cuts can be longer than their header can say.
            let total = if total == 0 { original } else { total };
            let address = |at: usize| {
                let bytes: [u8; 4] = head[at..at + 4].try_into().expect("four bytes");
                IpAddr::from(bytes)
            };
            Ok(total.checked_sub(header).map(|length| (header, length, [address(12), address(16)])))
        }
        6 => {
            let head = packet.get(..40).ok_or_else(short)?;
            let payload = usize::from(half(head, 4).expect("two bytes"));
            let payload = if payload == 0 { original.saturating_sub(40) } else { payload };
            let address = |at: usize| {
                let bytes: [u8; 16] = head[at..at + 16].try_into().expect("sixteen bytes");
                IpAddr::from(bytes)
            };
            let (mut next, mut at) = (head[6], 40);
            // Hop-by-hop, routing, destination options: length in units of 8 bytes, less one.
            while matches!(next, 0 | 43 | 60) {
                let extension = packet.get(at..at + 2).ok_or_else(short)?;
                next = extension[0];
                at += 8 + usize::from(extension[1]) * 8;
            }
            match next {
                TCP => {
                    Ok((payload + 40).checked_sub(at).map(|length| (at, length, [address(8), address(24)])))
                }
                44 => Err(Problem::Fragment),
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// What a packet of `length` bytes, of which `bytes` were kept, carries of a TCP connection; none if it is something else.
pub(super) fn segment(link_type: u32, bytes: &[u8], length: usize) -> Result<Option<Segment<'_>>, Problem> {
    let short = || Problem::Short(bytes.len());
    let Some(at) = ip(link_type, bytes)? else { return Ok(None) };
    let packet = bytes.get(at..).ok_or_else(short)?;
    let Some((at, from_tcp, [source, destination])) = tcp(packet, bytes.len(), length.saturating_sub(at))?
    else {
        return Ok(None);
    };
    let head = packet.get(at..at + 20).ok_or_else(short)?;
    let header = usize::from(head[12] >> 4) * 4;
    let Some(length) = from_tcp.checked_sub(header).filter(|_| header >= 20) else { return Ok(None) };
    let rest = packet.get(at + header..).unwrap_or_default();
    Ok(Some(Segment {
        from: SocketAddr::new(source, half(head, 0).expect("two bytes")),
        to: SocketAddr::new(destination, half(head, 2).expect("two bytes")),
        sequence: u32::from_be_bytes(head[4..8].try_into().expect("four bytes")),
        begins: head[13] & 0x02 != 0,
        pushes: head[13] & 0x08 != 0,
        length,
        content: &rest[..rest.len().min(length)],
    }))
}
