//! Tests of loading as a whole.
