//! (to be written)

pub mod amqp;
