//! What single operations and training iterations cost, against figures measured on the reference system.

mod rows;

#[test]
fn show() {
    for c in rows::compared() {
        let share = c.largest_share_difference() * 100.0;
        println!(
            "{:45} {:12} ours {:>9} theirs {:>9} {:.4} share {share:.2} rounds {:>4} <= {:>5}",
            c.row.label(),
            c.row.rounding,
            c.payload_bytes,
            c.row.payload_bytes,
            c.ratio(),
            c.rounds,
            c.row.exchanges
        );
    }
}
