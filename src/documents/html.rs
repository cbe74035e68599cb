//! The summary as a page to print: nothing in it is fetched, run or sent anywhere.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::summary::{Block, Content, Hand, INTERNAL, Summary};

const STYLE: &str = include_str!("html/summary.css");

/// A page, and the policy that lets a browser show it and nothing more.
pub struct HtmlPage {
    pub html: String,
    pub content_security_policy: String,
}

/// Writes the page.
pub fn html(summary: &Summary) -> Result<HtmlPage, askama::Error> {
    let style = format!("{STYLE}{}", running_foot(summary));
    // Styles stand in the page so that it can be saved whole; their hash is what a strict policy lets in.
    let digest = STANDARD.encode(Sha256::digest(&style));
    let html = Page {
        summary,
        style: &style,
    }
    .render()?;
    Ok(HtmlPage {
        html,
        content_security_policy: format!(
            "default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; \
             form-action 'none'"
        ),
    })
}

/// The foot of every printed page. Protocol numbers and dates hold nothing CSS would read.
fn running_foot(summary: &Summary) -> String {
    format!(
        "@page {{ @bottom-left {{ content: \"{}\"; }} }}\n",
        summary.foot().replace('·', "\\b7 ")
    )
}

#[derive(Template)]
#[template(path = "documents/html/summary.html")]
struct Page<'a> {
    summary: &'a Summary,
    style: &'a str,
}

impl Page<'_> {
    const INTERNAL: &'static str = INTERNAL;

    const fn class(hand: Hand) -> &'static str {
        match hand {
            Hand::Patronato => "patronato",
            Hand::Sede => "sede",
            Hand::Internal => "internal",
            Hand::Engine => "engine",
        }
    }

    /// Lines with nothing in them only part paragraphs.
    fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
        text.split("\n\n")
            .map(|part| part.trim_matches('\n'))
            .filter(|part| !part.is_empty())
    }
}
