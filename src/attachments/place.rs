//! Opens the place the configuration names.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{Error as StoreFault, ObjectStore, RetryConfig};

use crate::config::attachments::{AttachmentsUrl, S3Place};

/// How long one call is tried over: whoever asked tries again anyway.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn open(url: &AttachmentsUrl) -> Result<Arc<dyn ObjectStore>, StoreFault> {
    match url {
        AttachmentsUrl::Folder(folder) => open_folder(folder),
        AttachmentsUrl::S3(place) => open_bucket(place),
    }
}

/// A folder is made when it is not there.
fn open_folder(folder: &Path) -> Result<Arc<dyn ObjectStore>, StoreFault> {
    std::fs::create_dir_all(folder).map_err(|source| StoreFault::Generic {
        store: "LocalFileSystem",
        source: Box::new(source),
    })?;
    let files = LocalFileSystem::new_with_prefix(folder)?;
    Ok(Arc::new(files.with_fsync(true)))
}

/// Nothing is asked of the bucket yet.
fn open_bucket(place: &S3Place) -> Result<Arc<dyn ObjectStore>, StoreFault> {
    // The client of the store wants one for the process; a second wish changes nothing.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let retries = RetryConfig {
        max_retries: 2,
        retry_timeout: PATIENCE,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_retry(retries)
        .with_bucket_name(&place.bucket)
        .with_region(&place.region);
    if let Some(endpoint) = &place.endpoint {
        builder = builder
            .with_endpoint(endpoint.as_str().trim_end_matches('/'))
            .with_allow_http(endpoint.scheme() == "http");
    }
    if let Some(keys) = &place.keys {
        builder = builder
            .with_access_key_id(&keys.id)
            .with_secret_access_key(&keys.secret);
    }
    let bucket = builder.build()?;
    if place.prefix.is_empty() {
        Ok(Arc::new(bucket))
    } else {
        Ok(Arc::new(PrefixStore::new(bucket, place.prefix.as_str())))
    }
}
