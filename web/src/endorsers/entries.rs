//! `GET /endorsers/{email}`: what an endorser says now, or has said in some days.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use proto::email::Email;
use proto::timestamp::Instant;

use crate::asked::{Asked, Parameters};
use crate::bindings;
use crate::bounds::RANGE_DAYS_DEFAULT;
use crate::filter;
use crate::media::Media;
use crate::metadata;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{ListFilter, Page, Registry, Status, Summary};
use crate::router::Face;
use crate::summary::Row;
use crate::urls;

/// Answers with the current entries of an endorser, in whatever state unless one is asked for; `range` asks for all of
/// so many days, which is what XML shows always, as the original's did.
pub(crate) async fn show<R: Registry>(
    State(face): State<Face<R>>,
    Path(email): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let media = asked.choose(&super::OFFERED)?;
    let email = email.parse::<Email>().map_err(|error| Problem::not_found(format!("endorser not found: {error}")))?;
    let now = face.registry.now();
    let days = range(&asked.parameters)?.or((media == Media::Xml).then_some(RANGE_DAYS_DEFAULT));
    let mut filter = filter::read(&[email.to_string()], &asked.parameters)?;
    if asked.parameters.first("status").is_none() {
        filter.status = Status::All;
    }
    if let Some(days) = days {
        filter = history(filter, now, days);
    }
    let page = face.registry.list(filter.clone()).await?;
    let next = page.next.clone().map(|after| {
        let next = ListFilter { after: Some(after), ..filter };
        let address = days.map_or_else(|| urls::list(&next), |days| urls::history(email.as_str(), &next, days));
        metadata::list::in_same_media(address, &asked)
    });
    let mut response = match media {
        Media::Html => html(&face, &email, &page, days, next.as_deref())?,
        Media::Json => metadata::list::json(&face, &asked, &page, next.as_deref()),
        _ => bindings::answer(VARIABLES, page.items.iter().map(bound)),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(next.and_then(|next| asked.link_to_next(&next)).map(|link| (header::LINK, link)));
    Ok(response)
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Over how many days the history is asked for.
fn range(parameters: &Parameters) -> Result<Option<u32>, Problem> {
    let read =
        |text: &str| text.parse().map_err(|_| filter::malformed("range", &format!("{text:?} is not a number of days")));
    parameters.first("range").map(read).transpose()
}

/// The history is a walk along one index: it is narrowed by state and standing, and always by moment.
fn history(filter: ListFilter, now: Instant, days: u32) -> ListFilter {
    let ListFilter { email, status, standing, limit, after, .. } = filter;
    let since = Some(now.minus_ms(u64::from(days) * DAY_MS).timestamp());
    ListFilter { email, status, standing, limit, after, since, ..ListFilter::default() }
}

const VARIABLES: [&str; 6] = ["identifier", "created", "description", "location", "deprecated", "email"];

fn bound(summary: &Summary) -> [Option<String>; 6] {
    [
        Some(summary.at.image.to_string()),
        Some(summary.at.created.to_string()),
        summary.description.clone(),
        summary.locations.first().cloned(),
        summary.deprecated.clone(),
        Some(summary.at.email.to_string()),
    ]
}

#[derive(Template)]
#[template(path = "endorser.html")]
struct EndorserPage<'a> {
    frame: Frame<'a>,
    email: &'a str,
    tags: String,
    days: Option<u32>,
    total: u64,
    rows: Vec<Row<'a>>,
    next: Option<&'a str>,
}

fn html<R: Registry>(
    face: &Face<R>,
    email: &Email,
    page: &Page,
    days: Option<u32>,
    next: Option<&str>,
) -> Result<Response, Problem> {
    let now = face.registry.now().timestamp();
    page::html(&EndorserPage {
        frame: Frame::new(&face.settings, email.as_str(), Section::Endorsers),
        email: email.as_str(),
        tags: urls::tags(email.as_str()),
        days,
        total: page.total,
        rows: page.items.iter().map(|summary| Row::of(summary, now)).collect(),
        next,
    })
}
