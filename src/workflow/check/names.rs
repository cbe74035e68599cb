//! Names that must agree: file and content, states and those who lead to them.

use super::Checker;
use crate::workflow::problems::suggest;

impl Checker<'_> {
    pub(super) fn names(&mut self) {
        self.file_name();
        let states: Vec<&str> = self
            .draft
            .states
            .iter()
            .map(|state| state.name.get_ref().as_str())
            .collect();
        let draft = self.draft;
        for target in draft
            .initial
            .iter()
            .chain(draft.steps().filter_map(|step| step.to.as_ref()))
        {
            if !states.contains(&target.get_ref().as_str()) {
                let help = suggest(target.get_ref(), "states", states.iter().copied());
                self.wrong(
                    target.span(),
                    format!("there is no state `{}`", target.get_ref()),
                    help,
                );
            }
        }
    }

    /// A version is found by its file's name. Texts that are no file (tests, uploads) may be called anything.
    fn file_name(&mut self) {
        let file = self.file.rsplit('/').next().unwrap_or(self.file);
        let Some(stem) = file.strip_suffix(".toml") else {
            return;
        };
        let (name, version) = stem.rsplit_once(".v").unwrap_or(("", ""));
        let help = "name and version stand in the file's name too: NAME.vN.toml";
        let draft = self.draft;
        let other_name = draft
            .name
            .as_ref()
            .filter(|inside| inside.get_ref().as_str() != name)
            .map(toml::Spanned::span);
        let other_version = draft
            .version
            .as_ref()
            .filter(|inside| inside.get_ref().to_string() != version);
        if let Some(place) = other_name.or_else(|| other_version.map(toml::Spanned::span)) {
            self.wrong(place, format!("the file is called {file}"), help);
        }
    }
}
