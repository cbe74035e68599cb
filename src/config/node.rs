//! `[node]`: who this process is among its peers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{InvalidId, NodeName};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeSettings {
    pub name: Naming,
}

/// How the node gets its name. Leases are held under it: two running nodes must never share one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Naming {
    /// The machine's name and the process id.
    #[default]
    Auto,
    Named(NodeName),
}

const AUTO: &str = "auto";

impl NodeSettings {
    /// The name this process goes by.
    pub fn name(&self) -> NodeName {
        match &self.name {
            Naming::Named(name) => name.clone(),
            Naming::Auto => automatic_name(&machine_name(), std::process::id()),
        }
    }
}

fn machine_name() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|file| std::fs::read_to_string(file).ok())
        .unwrap_or_default()
}

fn automatic_name(machine: &str, process: u32) -> NodeName {
    let machine: String = machine
        .trim()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .take(48)
        .collect();
    let machine = if machine.is_empty() {
        "node".to_owned()
    } else {
        machine
    };
    NodeName::parse(&format!("{machine}-{process}")).expect("only allowed characters, at most 59 of them")
}

impl FromStr for Naming {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            AUTO => Ok(Self::Auto),
            name => NodeName::parse(name).map(Self::Named),
        }
    }
}

impl fmt::Display for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str(AUTO),
            Self::Named(name) => name.fmt(f),
        }
    }
}

super::text_value::text_value!(Naming);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_automatic_name_holds_the_machine_and_the_process() {
        assert_eq!(automatic_name("rome-1\n", 42).as_str(), "rome-1-42");
        assert_eq!(automatic_name("", 42).as_str(), "node-42");
        assert_eq!(automatic_name(&"x".repeat(300), u32::MAX).as_str().len(), 59);
    }

    #[test]
    fn a_given_name_is_kept() {
        let node = NodeSettings {
            name: "intake-a".parse().unwrap(),
        };
        assert_eq!(node.name().as_str(), "intake-a");
    }
}
