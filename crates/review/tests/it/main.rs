//! What the review of sources promises, over made-up archives and real ones.

mod hostile;
mod real;
mod support;
