//! Behaviour of every version scheme: against its specification, its laws and its owner's program.
//!
//! Nothing here needs the network. Modules that need data or programs which are not part of this
//! repository say so in one line and pass.

mod cases;
mod feeds;
mod laws;
mod oracles;
mod samples;
mod vectors;
