//! Pages and JSON, asked for as a browser or a program would, without a socket.

mod hostile;
mod pages;
mod protocol;
mod support;
