//! Nobody takes the service from the others.

use std::num::NonZeroU32;

use reqwest::Method;
use usciere::config::Config;

use crate::harness::{Site, answered};
use crate::people::{colleague, operator};

const ONE: NonZeroU32 = NonZeroU32::MIN;

#[tokio::test]
async fn one_persons_calls_do_not_count_against_another() {
    let site = Site::configured(|config: &mut Config| {
        config.http.rate_limit.per_person = ONE;
        config.http.rate_limit.per_person_burst = NonZeroU32::new(2).unwrap();
    })
    .await;
    let mut statuses = Vec::new();
    // More than could be made in the second after which one more is allowed again.
    for _ in 0..100 {
        let answer = site.get(&operator(), "/me").await;
        if answer.status == 429 {
            answer.problem(429, "too_many_requests");
            assert_eq!(answer.header("retry-after"), "1");
        }
        statuses.push(answer.status);
    }
    assert_eq!(&statuses[..2], [200, 200]);
    assert!(statuses.contains(&429), "{statuses:?}");
    site.get(&colleague(), "/me").await.done(200);
    site.stop().await;
}

#[tokio::test]
async fn an_address_is_counted_before_anything_is_asked_of_a_call() {
    let site = Site::configured(|config: &mut Config| {
        config.http.rate_limit.per_address = ONE;
        config.http.rate_limit.per_address_burst = ONE;
    })
    .await;
    let mut statuses = Vec::new();
    for _ in 0..100 {
        statuses.push(answered(site.call(Method::GET, "/me")).await.status);
    }
    assert_eq!(statuses[0], 401);
    assert!(statuses.contains(&429), "{statuses:?}");
    site.stop().await;
}
