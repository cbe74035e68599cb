//! Lists of requests, a page at a time, and how many there are.

use sqlx::{FromRow, Postgres, QueryBuilder};

use super::glance::Glance;
use super::{Question, Viewer};
use crate::domain::filter::{Order, Page, Position, RequestFilter, Sorting};
use crate::domain::ids::RequestId;
use crate::domain::request::Request;
use crate::store::rows::CaseRow;
use crate::store::{Store, StoreError};

/// A request in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub request: Request,
    /// How many files it has.
    pub attachments: u32,
    /// Something in it is new to the asking person.
    pub unread: bool,
}

impl Listed {
    /// Where the next page begins.
    pub fn position(&self) -> Position {
        Position {
            at: self.request.opened_at,
            request: self.request.case.id,
        }
    }
}

/// Where counting begins.
const LATEST: Page = Page {
    after: None,
    order: Order::NEWEST_FIRST,
    limit: 1,
};

/// Requests counted beside a page at most.
const COUNTED: u32 = 1_000;
/// Where words are looked for: each that holds them is looked up.
const COUNTED_BY_WORDS: u32 = 100;

/// How many requests fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub count: u64,
    /// Whether that is all: otherwise there are more.
    pub exact: bool,
}

impl Counted {
    /// What was counted no further than one more than `at_most`.
    pub(super) fn new(count: u64, at_most: u32) -> Self {
        Self {
            count: count.min(at_most.into()),
            exact: count <= at_most.into(),
        }
    }
}

#[derive(FromRow)]
pub(super) struct ListedRow {
    #[sqlx(flatten)]
    case: CaseRow,
    attachments: i32,
    unread: bool,
}

impl TryFrom<ListedRow> for Listed {
    type Error = StoreError;

    fn try_from(row: ListedRow) -> Result<Self, StoreError> {
        Ok(Self {
            attachments: u32::try_from(row.attachments).unwrap_or(0),
            unread: row.unread,
            request: row.case.try_into()?,
        })
    }
}

impl Question {
    /// The requests that fit, in the page's order.
    pub async fn requests(&mut self, filter: &RequestFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
        self.weigh(filter).await?;
        let glance = self.glance(filter, page, page.limit.into()).await?;
        self.found(filter, page, glance.as_ref()).await
    }

    /// A page of the requests that fit, and how many there are: up to 1,000, or 100 where words are looked for.
    pub async fn page(
        &mut self,
        filter: &RequestFilter,
        page: Page,
    ) -> Result<(Vec<Listed>, Counted), StoreError> {
        let at_most = match filter.text {
            Some(_) => COUNTED_BY_WORDS,
            None => COUNTED,
        };
        self.weigh(filter).await?;
        let enough = beyond(at_most).max(page.limit.into());
        let glance = self.glance(filter, page, enough).await?;
        let listed = self.found(filter, page, glance.as_ref()).await?;
        let counted = match glance {
            // What comes before a later page was not looked at.
            _ if page.after.is_some() => self.count(filter, at_most).await?,
            glance => self.count_beyond(glance.as_ref(), filter, at_most).await?,
        };
        Ok((listed, counted))
    }

    /// How many requests fit; counts no further than one more than `at_most`.
    pub async fn count(&mut self, filter: &RequestFilter, at_most: u32) -> Result<Counted, StoreError> {
        self.weigh(filter).await?;
        let glance = self.glance(filter, LATEST, beyond(at_most)).await?;
        self.count_beyond(glance.as_ref(), filter, at_most).await
    }

    /// How many fit, by the list's beginning or, where that is not enough, the index.
    async fn count_beyond(
        &mut self,
        glance: Option<&Glance>,
        filter: &RequestFilter,
        at_most: u32,
    ) -> Result<Counted, StoreError> {
        match glance.and_then(|glance| glance.counted(at_most)) {
            Some(counted) => Ok(counted),
            None => self.count_up_to(filter, at_most).await,
        }
    }

    /// What a glance found or, where that is not enough, the index.
    async fn found(
        &mut self,
        filter: &RequestFilter,
        page: Page,
        glance: Option<&Glance>,
    ) -> Result<Vec<Listed>, StoreError> {
        let rows = match glance.and_then(|glance| glance.first(page.limit.into())) {
            Some(found) => self.these(found, page).await?,
            None => self.newest_first(filter, page).await?,
        };
        rows.into_iter().map(Listed::try_from).collect()
    }

    /// A page, looked for among the latest first.
    async fn newest_first(
        &mut self,
        filter: &RequestFilter,
        page: Page,
    ) -> Result<Vec<ListedRow>, StoreError> {
        let mut rows = Vec::new();
        for span in self.spans(filter, page).await? {
            self.look_in(span);
            rows = self.list(filter, page).await?;
            if rows.len() == usize::from(page.limit) {
                break;
            }
        }
        self.look_in(None);
        Ok(rows)
    }

    /// These requests, in the page's order.
    async fn these(&mut self, found: &[RequestId], page: Page) -> Result<Vec<ListedRow>, StoreError> {
        let mut query = QueryBuilder::new("");
        self.select(&mut query);
        self.tables(&mut query, &RequestFilter::default());
        query
            .push(" where c.id = any(")
            .push_bind(found.iter().map(|id| id.0).collect::<Vec<_>>())
            .push(")");
        in_order(&mut query, Page { after: None, ..page });
        Ok(query.build_query_as().fetch_all(&mut *self.transaction).await?)
    }

    /// A page, by whatever is known of how to look for it.
    pub(super) async fn list(
        &mut self,
        filter: &RequestFilter,
        page: Page,
    ) -> Result<Vec<ListedRow>, StoreError> {
        let mut query = QueryBuilder::new("");
        self.select(&mut query);
        self.tables(&mut query, filter);
        query.push(" where true");
        self.narrow(&mut query, filter);
        in_order(&mut query, page);
        Ok(query.build_query_as().fetch_all(&mut *self.transaction).await?)
    }

    async fn count_up_to(&mut self, filter: &RequestFilter, at_most: u32) -> Result<Counted, StoreError> {
        let mut query = QueryBuilder::new("select count(*) from (select 1");
        self.tables(&mut query, filter);
        query.push(" where true");
        self.narrow(&mut query, filter);
        query
            .push(" limit ")
            .push_bind(i64::from(at_most) + 1)
            .push(") as found");
        let count: i64 = query
            .build_query_scalar()
            .fetch_one(&mut *self.transaction)
            .await?;
        Ok(Counted::new(u64::try_from(count).unwrap_or(0), at_most))
    }

    /// What a list selects of each request.
    pub(super) fn select(&self, query: &mut QueryBuilder<Postgres>) {
        let unread = self.unread();
        query.push(format_args!(
            "select c.*, coalesce(d.attachments, 0) as attachments, {unread} as unread"
        ));
    }
}

/// So many are more than `at_most`.
fn beyond(at_most: u32) -> usize {
    usize::try_from(at_most).map_or(usize::MAX, |at_most| at_most + 1)
}

/// Goes on after a place, in an order that leaves no two requests alike.
pub(super) fn in_order(query: &mut QueryBuilder<Postgres>, page: Page) {
    let columns: &[&str] = match page.order.by {
        Sorting::Opened => &["c.opened_at", "c.id"],
        Sorting::Topic => &["c.topic", "c.opened_at", "c.id"],
        Sorting::State => &["c.state", "c.opened_at", "c.id"],
        Sorting::Protocol => &[
            "c.protocol_office",
            "c.protocol_year",
            "c.protocol_sequence",
            "c.id",
        ],
    };
    let (direction, beyond) = if page.order.descending {
        ("desc", "<")
    } else {
        ("asc", ">")
    };
    if let Some(after) = page.after {
        let row = columns.join(", ");
        query.push(format_args!(" and ({row}) {beyond} ("));
        if page.order.by == Sorting::Opened {
            query.push_bind(after.at).push(", ").push_bind(after.request.0);
        } else {
            // What it is sorted by is read where it stands: a cursor carries no words of a request.
            query
                .push(format_args!("select {row} from cases as c where c.id = "))
                .push_bind(after.request.0);
        }
        query.push(")");
    }
    let sorted = columns.iter().map(|column| format!("{column} {direction}"));
    query
        .push(format_args!(
            " order by {} limit ",
            sorted.collect::<Vec<_>>().join(", ")
        ))
        .push_bind(i64::from(page.limit));
}

/// Every request that fits, page after page: each is a question of its own, so that a slow reader keeps no
/// transaction open.
pub struct RequestPages {
    store: Store,
    viewer: Viewer,
    filter: RequestFilter,
    page: Option<Page>,
}

impl Store {
    pub fn every_request(
        &self,
        viewer: Viewer,
        filter: RequestFilter,
        order: Order,
        page: u16,
    ) -> RequestPages {
        RequestPages {
            store: self.clone(),
            viewer,
            filter,
            page: Some(Page {
                after: None,
                order,
                limit: page,
            }),
        }
    }
}

impl RequestPages {
    /// The next page; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<Listed>>, StoreError> {
        let Some(page) = self.page else {
            return Ok(None);
        };
        let mut question = self.store.ask(&self.viewer).await?;
        let listed = question.requests(&self.filter, page).await?;
        self.page = listed
            .last()
            .filter(|_| listed.len() == usize::from(page.limit))
            .map(|last| Page {
                after: Some(last.position()),
                ..page
            });
        Ok(Some(listed).filter(|listed| !listed.is_empty()))
    }
}
