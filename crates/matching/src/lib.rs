//! Which advisory touches which package, and why.
