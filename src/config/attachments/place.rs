//! Addresses of places for attachments.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::config::secret_url::SecretUrl;

/// A place for attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachmentsUrl {
    /// `file:DIR`: a folder all nodes share. Relative to the working folder.
    Folder(PathBuf),
    /// `s3://ID:SECRET@BUCKET/PREFIX?region=...&endpoint=...`: S3, or what speaks like it.
    S3(Box<S3Place>),
}

/// A bucket, and a prefix in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Place {
    pub bucket: String,
    /// Without slashes at its ends; may be empty.
    pub prefix: String,
    pub region: String,
    /// Where a server stands that is not AWS's; asked path-style.
    pub endpoint: Option<Url>,
    /// `None`: those of the machine's role.
    pub keys: Option<S3Keys>,
    /// As it was written; shows no secret.
    url: SecretUrl,
}

/// An access key. Shows neither half.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Keys {
    pub id: String,
    pub secret: String,
}

impl fmt::Debug for S3Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("S3Keys(***)")
    }
}

/// Why an address is no place for attachments. Never carries the text: it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAttachmentsUrl {
    #[error("not a place for attachments: expected file:DIR or s3://ID:SECRET@BUCKET/PREFIX?region=...")]
    Form,
    #[error("the parameters of an S3 place are region, and endpoint with http:// or https://")]
    Parameter,
    #[error("name the region of the bucket: ?region=eu-south-1")]
    NoRegion,
    #[error("id and secret go together: write special characters percent-encoded, in UTF-8")]
    Keys,
}

/// What a bucket's region is called where a server has none.
const ANY_REGION: &str = "us-east-1";

impl FromStr for AttachmentsUrl {
    type Err = NotAnAttachmentsUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("s3://") {
            return S3Place::parse(text).map(|place| Self::S3(Box::new(place)));
        }
        let folder = text.strip_prefix("file:").ok_or(NotAnAttachmentsUrl::Form)?;
        let folder = folder.strip_prefix("//").unwrap_or(folder);
        if folder.is_empty() {
            Err(NotAnAttachmentsUrl::Form)
        } else {
            Ok(Self::Folder(PathBuf::from(folder)))
        }
    }
}

impl S3Place {
    fn parse(text: &str) -> Result<Self, NotAnAttachmentsUrl> {
        let url: SecretUrl = text.parse().map_err(|_| NotAnAttachmentsUrl::Form)?;
        let parts = Url::parse(text).map_err(|_| NotAnAttachmentsUrl::Form)?;
        let bucket = parts.host_str().filter(|bucket| !bucket.is_empty());
        let (mut region, mut endpoint) = (None, None);
        for (name, value) in parts.query_pairs() {
            match name.as_ref() {
                "region" if !value.is_empty() => region = Some(value.into_owned()),
                "endpoint" => endpoint = Some(web_address(&value)?),
                _ => return Err(NotAnAttachmentsUrl::Parameter),
            }
        }
        let any = endpoint.is_some().then(|| ANY_REGION.to_owned());
        Ok(Self {
            bucket: bucket.ok_or(NotAnAttachmentsUrl::Form)?.to_owned(),
            prefix: parts.path().trim_matches('/').to_owned(),
            region: region.or(any).ok_or(NotAnAttachmentsUrl::NoRegion)?,
            endpoint,
            keys: keys(&parts)?,
            url,
        })
    }
}

fn web_address(text: &str) -> Result<Url, NotAnAttachmentsUrl> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or(NotAnAttachmentsUrl::Parameter)
}

fn keys(url: &Url) -> Result<Option<S3Keys>, NotAnAttachmentsUrl> {
    let plain = |text: &str| decoded(text).ok_or(NotAnAttachmentsUrl::Keys);
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(NotAnAttachmentsUrl::Keys),
        (id, Some(secret)) => Ok(Some(S3Keys {
            id: plain(id)?,
            secret: plain(secret)?,
        })),
    }
}

fn decoded(text: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.ok().map(std::borrow::Cow::into_owned)
}

impl fmt::Display for AttachmentsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "file:{}", folder.display()),
            Self::S3(place) => place.url.fmt(f),
        }
    }
}

crate::config::text_value::text_value!(AttachmentsUrl);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn s3(text: &str) -> S3Place {
        match text.parse::<AttachmentsUrl>().unwrap() {
            AttachmentsUrl::S3(place) => *place,
            AttachmentsUrl::Folder(folder) => panic!("{}", folder.display()),
        }
    }

    #[test]
    fn a_folder_may_be_relative_or_absolute() {
        for (text, folder) in [
            ("file:var/a", "var/a"),
            ("file:/srv/a", "/srv/a"),
            ("file:///srv/a", "/srv/a"),
        ] {
            let place = text.parse::<AttachmentsUrl>().unwrap();
            assert_eq!(place, AttachmentsUrl::Folder(Path::new(folder).to_owned()));
        }
        for text in ["", "file:", "file://", "var/a", "ftp://host/a"] {
            assert!(text.parse::<AttachmentsUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_bucket_has_a_region_a_prefix_and_keys() {
        let place = s3("s3://AKIA:a%2Fb+c@allegati/usciere/prod/?region=eu-south-1");
        let found = (
            place.bucket.as_str(),
            place.prefix.as_str(),
            place.region.as_str(),
        );
        assert_eq!(found, ("allegati", "usciere/prod", "eu-south-1"));
        let keys = place.keys.unwrap();
        assert_eq!((keys.id.as_str(), keys.secret.as_str()), ("AKIA", "a/b+c"));
        let own = s3("s3://allegati?endpoint=http://127.0.0.1:9000");
        assert_eq!((own.prefix.as_str(), own.keys), ("", None));
        assert_eq!(own.endpoint.unwrap().as_str(), "http://127.0.0.1:9000/");
    }

    #[test]
    fn nothing_that_prints_a_bucket_shows_its_secret() {
        let text = "s3://AKIA:hunter2@allegati/a?region=eu-south-1";
        let url = text.parse::<AttachmentsUrl>().unwrap();
        let printed = format!("{url} {url:?} {}", serde_json::to_string(&url).unwrap());
        assert!(!printed.contains("hunter2"), "{printed}");
    }

    #[test]
    fn mistakes_in_a_bucket_are_told_apart() {
        for (text, why) in [
            ("s3://", NotAnAttachmentsUrl::Form),
            ("s3://allegati", NotAnAttachmentsUrl::NoRegion),
            ("s3://allegati?regoin=x", NotAnAttachmentsUrl::Parameter),
            (
                "s3://allegati?endpoint=ftp://host",
                NotAnAttachmentsUrl::Parameter,
            ),
            ("s3://AKIA@allegati?region=x", NotAnAttachmentsUrl::Keys),
        ] {
            assert_eq!(text.parse::<AttachmentsUrl>(), Err(why), "{text}");
        }
    }
}
