//! SM4's S-box as a circuit of 172 gates on planes of bits.
//!
//! S(x) = A I(A x + c) + c, where I inverts in GF(2)[x] / (x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1), A is a matrix and
//! c = 0xd3. The inversion is made in an isomorphic tower of fields, whose isomorphism is joined to A on both sides:
//! GF(4) by w^2 = w + 1, GF(16) by x^2 = x + w, GF(256) by y^2 = y + 9, where the element h w + l, h x + l or h y + l
//! has the bits of l below those of h.
use super::Planes;

/// GF(4), and GF(16).
type Two = [u64; 2];
type Four = [u64; 4];

/// The S-box of 64 bytes.
#[inline(always)]
pub(super) fn substitute(x: &Planes) -> Planes {
    out_of_tower(inverse(into_tower(x)))
}

/// A x + c, in the tower: l and h of GF(16).
#[inline(always)]
fn into_tower(x: &Planes) -> (Four, Four) {
    let t0 = x[0] ^ x[6];
    let t1 = x[4] ^ x[5];
    let t2 = x[1] ^ x[2] ^ t0;
    ([t0 ^ t1, x[1] ^ t1, !x[5], x[5] ^ t2], [x[4] ^ t2, !x[6], !(x[2] ^ x[7]), !(x[3] ^ t1 ^ t2)])
}

/// A z + c, out of the tower.
#[inline(always)]
fn out_of_tower((z, y): (Four, Four)) -> Planes {
    let t0 = z[0] ^ y[2];
    let t1 = z[1] ^ y[0];
    let t2 = z[2] ^ t1;
    let t3 = z[1] ^ z[3];
    let t4 = y[3] ^ t0;
    [!(z[0] ^ z[2]), !(y[0] ^ t0), t2, t4, !(y[1] ^ t3), y[3] ^ t3, !(t1 ^ z[0] ^ y[1]), !(t4 ^ z[3] ^ t2)]
}

/// 1 / (h y + l) = (h y + (h + l)) / (9 h^2 + h l + l^2), and 0 for 0.
#[inline(always)]
fn inverse((l, h): (Four, Four)) -> (Four, Four) {
    let product = multiply_16(l, h);
    let norm = [
        product[0] ^ h[0] ^ h[1] ^ h[2] ^ h[3] ^ l[0] ^ l[1] ^ l[3],
        product[1] ^ h[1] ^ h[3] ^ l[1] ^ l[2],
        product[2] ^ h[1] ^ l[2] ^ l[3],
        product[3] ^ h[0] ^ l[3],
    ];
    let divided = inverse_16(norm);
    let sum = [l[0] ^ h[0], l[1] ^ h[1], l[2] ^ h[2], l[3] ^ h[3]];
    (multiply_16(sum, divided), multiply_16(h, divided))
}

#[inline(always)]
fn multiply_16(a: Four, b: Four) -> Four {
    let low = multiply_4([a[0], a[1]], [b[0], b[1]]);
    let high = multiply_4([a[2], a[3]], [b[2], b[3]]);
    let both = multiply_4([a[0] ^ a[2], a[1] ^ a[3]], [b[0] ^ b[2], b[1] ^ b[3]]);
    [low[0] ^ high[1], low[1] ^ high[0] ^ high[1], both[0] ^ low[0], both[1] ^ low[1]]
}

/// As [`inverse`], with w for 9; in GF(4) 1 / d = d^2.
#[inline(always)]
fn inverse_16([l0, l1, h0, h1]: Four) -> Four {
    let product = multiply_4([l0, l1], [h0, h1]);
    let norm = [product[0] ^ h1 ^ l0 ^ l1, product[1] ^ h0 ^ l1];
    let divided = [norm[0] ^ norm[1], norm[1]];
    let low = multiply_4([l0 ^ h0, l1 ^ h1], divided);
    let high = multiply_4([h0, h1], divided);
    [low[0], low[1], high[0], high[1]]
}

#[inline(always)]
fn multiply_4(a: Two, b: Two) -> Two {
    let low = a[0] & b[0];
    [low ^ a[1] & b[1], low ^ (a[0] ^ a[1]) & (b[0] ^ b[1])]
}
