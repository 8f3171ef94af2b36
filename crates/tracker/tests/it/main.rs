//! What the tracker does, seen from outside.

mod support;
mod views;
