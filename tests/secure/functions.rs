//! Every secure function on real random shares.

use mpcsim::protocol::{Protocol, RingShare};
use mpcsim::ring::{Content, Vector};
use mpcsim::secure::{FixedPoint, Numerator, Rounding, Secure};

use super::harness::{Program, agreed, clear, rep3};

#[derive(Clone, Copy, Debug)]
enum Op {
    Mul,
    Ltz,
    Relu,
    Div,
    Recip,
    Exp2,
    Exp,
    Log,
    Max10,
    Trunc,
}

struct Unary {
    op: Op,
    x: Vec<u64>,
    y: Vec<u64>,
}

impl Program for Unary {
    type Output = Vector;
    async fn run<P: Protocol>(&self, s: Secure<P>) -> Vector {
        let p = &s.protocol;
        let share = async |v: &Vec<u64>| {
            let v = Vector::build(p.content(), v.len(), || v.clone());
            p.input(0, v.len(), Some(&v)).await
        };
        let x = share(&self.x).await;
        let y = share(&self.y).await;
        let z = match self.op {
            Op::Mul => s.fixed_mul(&x, &y).await,
            Op::Ltz => s.less_than_zero(&x, 31).await,
            Op::Relu => s.relu(&x).await.0,
            Op::Div => s.divide(Numerator::Shared(&x), &y, 1).await,
            Op::Recip => s.divide(Numerator::One, &y, 1).await,
            Op::Exp2 => s.exp2(&x).await,
            Op::Exp => s.exp(&x).await,
            Op::Log => s.log(&y).await,
            Op::Max10 => s.row_max(&x, 10).await,
            Op::Trunc => s.truncate(&x, 47, 16).await,
        };
        let _ = x.add(&x);
        p.open(&z).await
    }
}

#[test]
fn smoke() {
    let f = FixedPoint::default();
    let n = 1000;
    for rounding in [Rounding::Probabilistic, Rounding::Nearest] {
        for op in
            [Op::Mul, Op::Trunc, Op::Ltz, Op::Relu, Op::Max10, Op::Div, Op::Recip, Op::Exp2, Op::Exp, Op::Log]
        {
            let xs: Vec<f64> = (0..n).map(|i| (i as f64 - 500.0) / 500.0 * 6.0).collect();
            let ys: Vec<f64> = (0..n).map(|i| 0.01 + (i as f64) / 100.0).collect();
            let enc = |v: &[f64]| v.iter().map(|&x| f.encode(x) as u64).collect::<Vec<_>>();
            let program = Unary { op, x: enc(&xs), y: enc(&ys) };
            let shares = rep3(&program, 7, rounding, Content::Values);
            let shape = rep3(&program, 7, rounding, Content::Shape);
            assert_eq!(shares.trace.without_work(), shape.trace.without_work());
            let inputs = 16 * n as u64 + 24 * shares.outputs[0].len() as u64;
            println!(
                "{op:?} {rounding:?} bytes {} rounds {} exchanges {:?}",
                shares.trace.payload_bytes() - inputs,
                shares.rounds() - 2,
                shares.exchanges
            );
            let z = agreed(shares);
            let ideal = clear(&program, 9, rounding);
            let z: Vec<f64> = z.expect_values().iter().map(|&v| f.decode(v)).collect();
            let c: Vec<f64> = ideal.expect_values().iter().map(|&v| f.decode(v)).collect();
            let want = |i: usize| match op {
                Op::Mul => xs[i] * ys[i],
                Op::Ltz => f64::from(u8::from(xs[i] < 0.0)) / 65536.0,
                Op::Relu => xs[i].max(0.0),
                Op::Div => xs[i] / ys[i],
                Op::Recip => 1.0 / ys[i],
                Op::Exp2 => libm::exp2(xs[i]),
                Op::Exp => libm::exp(xs[i]),
                Op::Log => libm::log(ys[i]),
                Op::Max10 => xs[10 * i + 9],
                Op::Trunc => xs[i] / 65536.0,
            };
            let worst = |v: &[f64]| (0..v.len()).map(|i| (v[i] - want(i)).abs()).fold(0.0, f64::max);
            println!(
                "   error shares {:.6} clear {:.6} differ {:.6}",
                worst(&z),
                worst(&c),
                z.iter().zip(&c).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
            );
        }
    }
}
