//! Routes of the studio and its embedded page.

pub mod page;
