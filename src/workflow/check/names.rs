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

    fn file_name(&mut self) {
        let name = self.file.rsplit('/').next().unwrap_or(self.file);
        let Some((stem, version)) = name.strip_suffix(".toml").and_then(|stem| stem.rsplit_once(".v")) else {
            return;
        };
        let help = "name and version stand in the file's name too: NAME.vN.toml";
        if let Some(inside) = self
            .draft
            .name
            .as_ref()
            .filter(|inside| inside.get_ref().as_str() != stem)
        {
            self.wrong(inside.span(), format!("the file is called {name}"), help);
        }
        if let Some(inside) = self
            .draft
            .version
            .as_ref()
            .filter(|inside| inside.get_ref().to_string() != version)
        {
            self.wrong(inside.span(), format!("the file is called {name}"), help);
        }
    }
}
