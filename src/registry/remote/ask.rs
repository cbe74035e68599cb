//! One request to a register, and what its answer is worth.

use std::ops::Range;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::RemoteOptions;
use super::wire::{AnswerTo, Answers, Questions};
use crate::registry::Trouble;

/// The largest answer that is read.
const LARGEST_ANSWER: usize = 16 << 20;
/// How many wrong answers to parts of one request are taken before the whole register counts as faulty.
const WRONG_ANSWERS: u32 = 16;

/// How one register is reached.
pub(super) struct Connection {
    client: Client,
    url: Url,
}

/// What came of a number of questions.
pub(super) struct Outcome<A> {
    /// One per question, in order.
    pub(super) answers: Vec<Result<Vec<A>, Trouble>>,
    /// What is wrong with the register itself, rather than with a question.
    pub(super) trouble: Option<Trouble>,
}

impl Connection {
    pub(super) fn new(options: &RemoteOptions) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        // The client refuses to be made before a provider is chosen; `main` chose the same one.
        let _chosen_before = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        if let Some(token) = &options.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = Client::builder()
            .default_headers(headers)
            .timeout(options.timeout)
            // People's data goes where the configuration says and nowhere else.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("usciere/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            url: options.url.clone(),
        })
    }

    /// Asks all at once. A wrong answer is narrowed down to the question it cannot cope with: its neighbours are
    /// answered.
    pub(super) async fn ask<Q, A>(&self, questions: &[Q]) -> Outcome<A>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned + Send,
    {
        let mut answers: Vec<Result<Vec<A>, Trouble>> = Vec::with_capacity(questions.len());
        let mut open = Vec::from([Range {
            start: 0,
            end: questions.len(),
        }]);
        let mut wrong = 0;
        while let Some(range) = open.pop() {
            match self.once(&questions[range.clone()]).await {
                Ok(answered) => answers.extend(answered),
                Err(Trouble::Faulty) if range.len() > 1 && wrong < WRONG_ANSWERS => {
                    wrong += 1;
                    let middle = range.start + range.len() / 2;
                    open.push(middle..range.end);
                    open.push(range.start..middle);
                }
                Err(Trouble::Faulty) if wrong < WRONG_ANSWERS => {
                    wrong += 1;
                    answers.push(Err(Trouble::Faulty));
                }
                Err(trouble) => {
                    let rest = open
                        .into_iter()
                        .map(|range: Range<usize>| range.len())
                        .sum::<usize>();
                    answers.extend((0..range.len() + rest).map(|_| Err(trouble)));
                    return Outcome {
                        answers,
                        trouble: Some(trouble),
                    };
                }
            }
        }
        let is_faulty = |answer: &Result<Vec<A>, Trouble>| matches!(answer, Err(Trouble::Faulty));
        let nothing = !answers.is_empty() && answers.iter().all(is_faulty);
        Outcome {
            trouble: (nothing && wrong > 0).then_some(Trouble::Faulty),
            answers,
        }
    }

    /// A question of no one: whether the register is there.
    pub(super) async fn trial(&self) -> Result<(), Trouble> {
        self.once::<(), serde::de::IgnoredAny>(&[]).await.map(|_| ())
    }

    async fn once<Q, A>(&self, questions: &[Q]) -> Result<Vec<Result<Vec<A>, Trouble>>, Trouble>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned,
    {
        let sent = self.client.post(self.url.clone()).json(&Questions { questions });
        // The error would name the address and nothing else of use; the circuit says which register it was.
        let response = sent.send().await.map_err(|_| Trouble::Unavailable)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => return Err(Trouble::Unavailable),
            _ => return Err(Trouble::Faulty),
        }
        let body = read(response).await?;
        let Answers { answers } = serde_json::from_slice::<Answers<A>>(&body).map_err(|_| Trouble::Faulty)?;
        if answers.len() != questions.len() {
            return Err(Trouble::Faulty);
        }
        let each = answers.into_iter().map(|answer| match answer {
            AnswerTo::Found(found) => Ok(found),
            AnswerTo::Error(trouble) => Err(trouble),
        });
        Ok(each.collect())
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Trouble::Unavailable)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Trouble::Faulty);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
