//! Lists of requests, a page at a time, and how many there are.

use sqlx::{FromRow, Postgres, QueryBuilder};

use super::span::Span;
use super::{Question, Viewer};
use crate::domain::filter::{Order, Page, Position, RequestFilter, Sorting};
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

/// How many requests fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub count: u64,
    /// Whether that is all: otherwise there are more.
    pub exact: bool,
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
        self.weigh(filter, page.limit.into()).await?;
        let mut rows = Vec::new();
        if let Some(glanced) = self.glance(filter, page).await? {
            rows = glanced;
        } else {
            for span in self.spans(filter, page).await? {
                self.look_in(span);
                rows = self.list(filter, page).await?;
                if rows.len() == usize::from(page.limit) {
                    break;
                }
            }
            self.look_in(Span::All);
        }
        rows.into_iter().map(Listed::try_from).collect()
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

    /// How many requests fit; counts no further than one more than `at_most`.
    pub async fn count(&mut self, filter: &RequestFilter, at_most: u32) -> Result<Counted, StoreError> {
        self.weigh(filter, at_most + 1).await?;
        let mut count = 0;
        for span in self.spans(filter, LATEST).await? {
            self.look_in(span);
            count = self.count_up_to(filter, at_most + 1).await?;
            if count > at_most.into() {
                break;
            }
        }
        self.look_in(Span::All);
        Ok(Counted {
            count: count.min(at_most.into()),
            exact: count <= at_most.into(),
        })
    }

    async fn count_up_to(&mut self, filter: &RequestFilter, limit: u32) -> Result<u64, StoreError> {
        let mut query = QueryBuilder::new("select count(*) from (select 1");
        self.tables(&mut query, filter);
        query.push(" where true");
        self.narrow(&mut query, filter);
        query
            .push(" limit ")
            .push_bind(i64::from(limit))
            .push(") as found");
        let count: i64 = query
            .build_query_scalar()
            .fetch_one(&mut *self.transaction)
            .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// What a list selects of each request.
    pub(super) fn select(&self, query: &mut QueryBuilder<Postgres>) {
        let unread = self.unread();
        query.push(format_args!(
            "select c.*, coalesce(d.attachments, 0) as attachments, {unread} as unread"
        ));
    }
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
