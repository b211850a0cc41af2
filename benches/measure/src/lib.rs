//! What the comparisons with other stacks measure by.
pub mod clock;
pub mod connection;
pub mod ends;
pub mod rounds;
pub mod table;
pub mod wire;
