//! Numbers as negentropy writes them: seven bits a byte, the greatest first, all but the last marked.

/// Most bytes of a number.
pub(super) const BYTES_MAX: usize = 10;

/// Appends a number.
pub(super) fn write(out: &mut Vec<u8>, number: u64) {
    let significant = u64::BITS - number.leading_zeros();
    for place in (1..significant.div_ceil(7)).rev() {
        out.push(0x80 | (number >> (7 * place)) as u8);
    }
    out.push((number & 0x7f) as u8);
}

/// Takes a number off the front; `None` where it does not end or is too large.
pub(super) fn read(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for _ in 0..BYTES_MAX {
        let byte = *rest.split_off_first()?;
        number = number.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
