//! Brings the layers together: built-in values, files, environment, flags; later wins.
//!
//! figment stops at the first error. So a value it cannot read is noted and taken out of its layer, and the
//! rest is read again, until everything is read or noted.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::error::Kind;
use figment::value::Value;

use super::check::Checks;
use super::environment::{Environment, typed};
use super::layer::{Layer, Origin};
use super::mistake::{Manual, Mistake, Mistakes, closest};
use super::profile::Profile;
use super::secret_url::SecretUrl;
use super::{Config, file};

/// Every key with its default value and a comment.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");
const DEV: &str = include_str!("../../config/dev.toml");
const TEST: &str = include_str!("../../config/test.toml");

/// What to load from: everything that may differ from one start to the next.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The working folder: `config/` and `usciere.toml` are looked for in it. Empty for the current one.
    pub folder: PathBuf,
    pub environment: Environment,
    /// `--profile`.
    pub profile: Option<Profile>,
    /// The profile of a command that has one of its own, unless another is asked for anywhere.
    pub usual_profile: Option<Profile>,
    /// `--config`: read in place of `usciere.toml`.
    pub file: Option<PathBuf>,
    /// `--set KEY=VALUE` and the flags that stand for a key: the flag as written, the key, the value.
    pub flags: Vec<(String, String, String)>,
}

/// A configuration and where each part of it was written.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    layers: Vec<Layer>,
}

impl Loaded {
    /// Where the value in force of a dotted key was written.
    pub fn origin(&self, key: &str) -> Option<Origin> {
        origin(&self.layers, &path(key))
    }

    /// The files whose passwords are in force. A password that is built in is known to everyone anyway.
    pub fn secret_files(&self) -> Vec<&Path> {
        let files = SECRETS.iter().filter_map(|key| {
            let path = path(key);
            let layer = self.layers.iter().rev().find(|layer| layer.holds(&path))?;
            let text = layer.get(&path)?.as_str()?;
            let built_in = self.layers[0].get(&path).and_then(Value::as_str) == Some(text);
            let url: SecretUrl = text.parse().ok()?;
            layer.file().filter(|_| url.has_secret() && !built_in)
        });
        files.collect()
    }

    /// The files that were read, the weakest first.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.layers.iter().filter_map(Layer::file)
    }
}

/// Reads, merges and checks the configuration.
pub fn load(request: &Request) -> Result<Loaded, Mistakes> {
    let mut mistakes = Vec::new();
    let mut layers = gather(request, &mut mistakes);
    unknown_jobs(&mut layers, &mut mistakes);
    let config = extract(&mut layers, &mut mistakes);
    if let Some(config) = &config {
        check(config, &layers, &mut mistakes);
    }
    match config {
        Some(config) if mistakes.is_empty() => Ok(Loaded { config, layers }),
        _ => Err(Mistakes(mistakes)),
    }
}

/// All layers, the weakest first.
fn gather(request: &Request, mistakes: &mut Vec<Mistake>) -> Vec<Layer> {
    let read = |relative: &str, mistakes: &mut Vec<Mistake>| {
        file::read(&request.folder.join(relative), relative.as_ref(), mistakes)
    };
    let defaults = file::parse(DEFAULTS, Origin::BuiltIn("default"), mistakes);
    let shape = defaults.values.clone();
    let mut stronger = Vec::new();
    match &request.file {
        None => stronger.extend(read("usciere.toml", mistakes)),
        Some(path) => match file::read(&request.folder.join(path), path, mistakes) {
            Some(layer) => stronger.push(layer),
            None => mistakes.push(Mistake {
                key: None,
                origin: Some(Origin::Flag(format!("--config {}", path.display()))),
                problem: "names a file that does not exist or cannot be read".to_owned(),
                fix: "name an existing TOML file".to_owned(),
            }),
        },
    }
    stronger.extend(request.environment.layers(&shape, mistakes));
    for (flag, key, value) in &request.flags {
        let like = Layer {
            origin: Origin::BuiltIn("default"),
            values: shape.clone(),
            lines: defaults.lines.clone(),
        };
        let value = typed(value, like.get(&path(key)));
        stronger.push(Layer::single(Origin::Flag(flag.clone()), key, value));
    }
    if let Some(profile) = request.profile {
        let flag = Origin::Flag(format!("--profile {profile}"));
        stronger.push(Layer::single(flag, "profile", Value::from(profile.as_str())));
    }

    let mut layers = vec![defaults];
    layers.extend(read("config/default.toml", mistakes));
    let profile = profile_in(&stronger)
        .or(request.usual_profile)
        .or_else(|| profile_in(&layers))
        .unwrap_or_default();
    layers.push(Layer::single(
        Origin::BuiltIn("profile"),
        "profile",
        Value::from(profile.as_str()),
    ));
    match profile {
        Profile::Dev => layers.push(file::parse(DEV, Origin::BuiltIn("dev"), mistakes)),
        Profile::Test => layers.push(file::parse(TEST, Origin::BuiltIn("test"), mistakes)),
        Profile::Prod => {}
    }
    if let Some(mut layer) = read(&format!("config/{profile}.toml"), mistakes) {
        if layer.remove(&path("profile")) {
            mistakes.push(Mistake {
                key: Some("profile".to_owned()),
                origin: Some(layer.origin_of("profile")),
                problem: "cannot be set in the file of a profile".to_owned(),
                fix: "remove it; choose the profile by --profile, USCIERE_PROFILE or usciere.toml".to_owned(),
            });
        }
        layers.push(layer);
    }
    layers.extend(stronger);
    layers
}

/// The profile the strongest of `layers` that names one asks for; a wrong word is reported with the other keys.
fn profile_in(layers: &[Layer]) -> Option<Profile> {
    layers
        .iter()
        .rev()
        .find_map(|layer| layer.get(&path("profile"))?.as_str()?.parse().ok())
}

/// Reads everything that can be read; notes the rest. None if what is wrong cannot be taken out.
fn extract(layers: &mut [Layer], mistakes: &mut Vec<Mistake>) -> Option<Config> {
    let manual = Manual::new(DEFAULTS);
    loop {
        let figment = layers
            .iter()
            .fold(Figment::new(), |figment, layer| figment.merge(layer));
        let error = match figment.extract::<Config>() {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        let Some((at, strongest)) = place(&error, layers) else {
            mistakes.push(Mistake {
                key: None,
                origin: None,
                problem: "the configuration cannot be read".to_owned(),
                fix: manual.explain(&error.kind, "").1,
            });
            return None;
        };
        let key = at.join(".");
        let layer = &mut layers[strongest];
        let (problem, fix) = manual.explain(&error.kind, &key);
        let problem = match layer.get(&at).and_then(Value::as_str) {
            Some(text) if SECRETS.contains(&key.as_str()) && !text.is_empty() => problem.replace(text, "***"),
            Some(_) | None => problem,
        };
        mistakes.push(Mistake {
            origin: Some(layer.origin_of(&key)),
            key: Some(key),
            problem,
            fix,
        });
        layer.remove(&at);
    }
}

/// The path of what an error is about, and the strongest layer that holds it.
fn place(error: &figment::Error, layers: &[Layer]) -> Option<(Vec<String>, usize)> {
    let mut at = error.path.clone();
    if let Kind::UnknownField(name, _) = &error.kind {
        at.push(name.clone());
    }
    // An item of a list stands for its list: it cannot be taken out alone.
    while !at.is_empty() {
        if let Some(index) = layers.iter().rposition(|layer| layer.holds(&at)) {
            return Some((at, index));
        }
        at.pop();
    }
    None
}

/// Takes out settings of jobs that do not exist: those that do stand in the built-in values.
fn unknown_jobs(layers: &mut [Layer], mistakes: &mut Vec<Mistake>) {
    let names = |layer: &Layer| -> Vec<String> {
        let jobs = layer.get(&path("jobs")).and_then(Value::as_dict);
        jobs.map(|jobs| jobs.keys().cloned().collect())
            .unwrap_or_default()
    };
    let known: Vec<String> = names(&layers[0])
        .iter()
        .map(|name| format!("jobs.{name}"))
        .collect();
    for layer in layers {
        for name in names(layer) {
            let key = format!("jobs.{name}");
            if known.contains(&key) {
                continue;
            }
            let fix = match closest(&key, &known) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("remove it; there are {}", known.join(", ")),
            };
            mistakes.push(Mistake {
                origin: Some(layer.origin_of(&key)),
                problem: "is no job".to_owned(),
                fix,
                key: Some(key.clone()),
            });
            layer.remove(&path(&key));
        }
    }
}

/// Keys whose values are never repeated.
const SECRETS: [&str; 4] = ["database.url", "amqp.url", "smtp.url", "attachments.url"];

fn check(config: &Config, layers: &[Layer], mistakes: &mut Vec<Mistake>) {
    let mut checks = Checks::default();
    config.check(&mut checks);
    for fault in checks.into_faults() {
        // A key that could not be read was checked by its default: what that says is of no use.
        if mistakes
            .iter()
            .any(|mistake| mistake.key.as_ref() == Some(&fault.key))
        {
            continue;
        }
        let origin = origin(layers, &path(&fault.key));
        mistakes.push(Mistake {
            key: Some(fault.key),
            origin,
            problem: fault.problem,
            fix: fault.fix,
        });
    }
}

fn origin(layers: &[Layer], path: &[String]) -> Option<Origin> {
    let layer = layers.iter().rev().find(|layer| layer.holds(path))?;
    Some(layer.origin_of(&path.join(".")))
}

fn path(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}
