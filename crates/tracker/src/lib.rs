//! What Palisade does: import, derive findings, answer questions.
