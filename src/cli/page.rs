//! Long lists a part at a time.

use std::str::FromStr;

use clap::Args;

use super::exit::Failure;

/// Which part of a long list.
#[derive(Debug, Clone, Args)]
pub struct Page {
    /// Most lines
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// Goes on after the line with this id
    #[arg(long, value_name = "ID")]
    pub after: Option<String>,
}

impl Page {
    /// How many to ask for: one more than is shown tells whether there are more.
    pub const fn one_more(&self) -> u16 {
        self.limit.saturating_add(1)
    }

    /// Leaves what is shown, and answers whether there is more.
    pub fn cut<T>(&self, lines: &mut Vec<T>) -> bool {
        let shown = usize::from(self.limit);
        let more = lines.len() > shown;
        lines.truncate(shown);
        more
    }

    /// The id to go on after, where ids are numbers.
    pub fn after_number<T: FromStr>(&self) -> Result<Option<T>, Failure> {
        self.after
            .as_deref()
            .map(|text| {
                text.parse()
                    .map_err(|_| Failure::usage(format!("--after {text}: expected the number of a line")))
            })
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_shown_tells_of_more() {
        let page = Page {
            limit: 2,
            after: Some("17".to_owned()),
        };
        assert_eq!(page.one_more(), 3);
        let mut lines = vec![1, 2, 3];
        assert!(page.cut(&mut lines));
        assert_eq!(lines, [1, 2]);
        assert!(!page.cut(&mut lines));
        assert_eq!(page.after_number::<i64>().unwrap(), Some(17));
        assert!(page.after_number::<std::net::Ipv4Addr>().is_err());
    }
}
