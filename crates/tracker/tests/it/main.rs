//! What imports come to: findings, and what changes them.

mod import;
mod order;
mod tracker;
