//! The program `marketplace`: its parts and how they are wired.

pub mod bounds;
pub mod storage;
