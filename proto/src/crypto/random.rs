//! Randomness of the machine, for secrets.

use openssl::rand::rand_bytes;

/// 256 random bits, which nobody guesses.
///
/// # Panics
///
/// Where the machine has no source of randomness.
#[must_use]
pub fn random_secret() -> [u8; 32] {
    let mut secret = [0; 32];
    rand_bytes(&mut secret).expect("the machine has a source of randomness");
    secret
}
