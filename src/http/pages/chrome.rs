//! What stands around every page: title, menu, who is signed in, the way back, what was just done, what is wrong.

use super::Portal;
use super::assets::{ASSETS, Assets};
use super::forms::FormErrors;
use super::viewer::{Viewer, Visitor};
use crate::domain::command::Role;
use crate::domain::person::{Capacity, Person};
use crate::domain::session::{Flash, Tone};

/// The entry of the menu a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Menu {
    Home,
    NewRequest,
    History,
    Statistics,
    /// Beside the menu.
    None,
}

/// A step of the way to a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crumb {
    pub(super) href: String,
    pub(super) label: String,
}

/// Who is signed in, as the header shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Badge {
    pub(super) name: String,
    /// "Op. PATRONATO 1", "Ref. PATRONATO 1".
    pub(super) label: String,
    /// The role taken, where another could be.
    pub(super) changeable: Option<&'static str>,
    /// Whether the menu leads anywhere yet.
    pub(super) entered: bool,
}

/// What the layout needs of every page. Each template holds one as `chrome`.
#[derive(Debug, Clone)]
pub(super) struct Chrome {
    /// The page's own, as its `<h1>` says it.
    pub(super) title: String,
    pub(super) brand: String,
    pub(super) owner: String,
    pub(super) logo: Option<String>,
    pub(super) back: Vec<Crumb>,
    pub(super) badge: Option<Badge>,
    pub(super) menu: Menu,
    pub(super) crumbs: Vec<Crumb>,
    pub(super) flash: Option<Flash>,
    pub(super) errors: FormErrors,
    pub(super) development: bool,
    pub(super) assets: &'static Assets,
}

impl Chrome {
    /// Of a page anybody may read.
    pub(super) fn public(portal: &Portal, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            brand: portal.brand.name.clone(),
            owner: portal.brand.owner.clone(),
            logo: portal.brand.logo.clone(),
            back: portal
                .brand
                .links
                .iter()
                .map(|link| Crumb {
                    href: link.href.to_string(),
                    label: link.label.clone(),
                })
                .collect(),
            badge: None,
            menu: Menu::None,
            crumbs: Vec::new(),
            flash: None,
            errors: FormErrors::default(),
            development: portal.development,
            assets: &ASSETS,
        }
    }

    /// Of a page of somebody who is signed in and has not chosen a role yet.
    pub(super) fn visitor(portal: &Portal, visitor: &Visitor, title: impl Into<String>) -> Self {
        Self {
            badge: Some(badge(
                portal,
                &visitor.session.person,
                visitor.session.acting,
                false,
            )),
            ..Self::public(portal, title)
        }
    }

    /// Of a page of somebody at work.
    pub(super) fn of(portal: &Portal, viewer: &Viewer, menu: Menu, title: impl Into<String>) -> Self {
        Self {
            badge: Some(viewer.badge(portal)),
            menu,
            flash: viewer.flash.clone(),
            ..Self::public(portal, title)
        }
    }

    /// With a step of the way between home and the page.
    #[must_use]
    pub(super) fn below(mut self, href: impl Into<String>, label: impl Into<String>) -> Self {
        self.crumbs.push(Crumb {
            href: href.into(),
            label: label.into(),
        });
        self
    }

    #[must_use]
    pub(super) fn with_errors(mut self, errors: FormErrors) -> Self {
        self.errors = errors;
        self
    }

    pub(super) fn is_home(&self) -> bool {
        self.menu == Menu::Home
    }

    pub(super) fn is_new_request(&self) -> bool {
        self.menu == Menu::NewRequest
    }

    pub(super) fn is_history(&self) -> bool {
        self.menu == Menu::History
    }

    pub(super) fn is_statistics(&self) -> bool {
        self.menu == Menu::Statistics
    }

    pub(super) fn tone(&self) -> &'static str {
        match self.flash.as_ref().map(|flash| flash.tone) {
            Some(Tone::Done) => "success",
            Some(Tone::Notice) | None => "info",
            Some(Tone::Failed) => "warning",
        }
    }
}

pub(super) fn badge(portal: &Portal, person: &Person, acting: Option<Role>, entered: bool) -> Badge {
    let (label, both) = match &person.capacity {
        Capacity::Patronato(member) => {
            let registers = portal.api.registers.borrow();
            let patronato = registers.patronato(&member.patronato);
            let name = patronato.map_or_else(|| member.patronato.to_string(), |known| known.name.clone());
            let short = match acting {
                Some(Role::Operator) => "Op. ",
                Some(Role::RegionalReferent) => "Ref. ",
                None => "",
            };
            (format!("{short}{name}"), member.roles.len() > 1)
        }
        Capacity::Sede { sede } => (format!("Sede {sede}"), false),
        Capacity::Manager => ("Gestore".to_owned(), false),
    };
    Badge {
        name: person.name.0.clone(),
        label,
        changeable: acting.filter(|_| both).map(role_label),
        entered,
    }
}

/// A role as the pages name it.
pub(super) const fn role_label(role: Role) -> &'static str {
    match role {
        Role::Operator => "Operatore",
        Role::RegionalReferent => "Referente regionale",
    }
}
