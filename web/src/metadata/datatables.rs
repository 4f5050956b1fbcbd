//! Lists in the form of DataTables 1.9, in which the original's page and its clients ask for them.

use std::str::FromStr;

use axum::extract::{Form, FromRequest as _, Path, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::asked::{Asked, Parameters};
use crate::bounds::LIST_LIMIT_MAX;
use crate::filter;
use crate::problem::Problem;
use crate::registry::{Column, ColumnFilter, ListFilter, Matching, Order, Registry, Summary};
use crate::router::Face;

/// The columns of a row by their index; the first is empty.
const COLUMNS: [Option<Column>; 11] = [
    None,
    Some(Column::Os),
    Some(Column::OsVersion),
    Some(Column::OsArch),
    Some(Column::Email),
    Some(Column::Kind),
    Some(Column::Created),
    Some(Column::Identifier),
    Some(Column::Location),
    Some(Column::Description),
    Some(Column::Title),
];

/// The columns that can be searched alone, as in the original; others are passed over.
const SEARCHED_ALONE: std::ops::RangeInclusive<usize> = 1..=5;

/// Whether a list is asked for in this form.
pub(crate) fn is_asked(parameters: &Parameters) -> bool {
    parameters.names("sEcho")
}

/// Answers a posted form, whose fields stand for the parameters of the address.
pub(crate) async fn post<R: Registry>(
    State(face): State<Face<R>>,
    arguments: Option<Path<Vec<String>>>,
    mut asked: Asked,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
    let Form(pairs) = form.map_err(|refusal| {
        Problem::new(refusal.status(), "body", format!("the form cannot be read: {}", refusal.body_text()))
    })?;
    asked.parameters = Parameters::default().and(pairs);
    let arguments = arguments.map(|Path(arguments)| arguments).unwrap_or_default();
    answer(&face, &arguments, &asked).await
}

#[derive(Serialize)]
#[expect(non_snake_case, reason = "the names are those of DataTables 1.9")]
struct Answer {
    sEcho: i64,
    iTotalRecords: u64,
    iTotalDisplayRecords: u64,
    rMsg: &'static str,
    aaData: Vec<[String; 11]>,
}

/// Answers the list that the path and the parameters describe; one without entries is an answer too.
pub(crate) async fn answer<R: Registry>(
    face: &Face<R>,
    arguments: &[String],
    asked: &Asked,
) -> Result<Response, Problem> {
    let filter = read(arguments, &asked.parameters)?;
    let all = ListFilter { status: filter.status, limit: 1, ..ListFilter::default() };
    let (all, page) = (face.registry.list(all).await?, face.registry.list(filter).await?);
    let answer = Answer {
        sEcho: number(&asked.parameters, "sEcho")?.unwrap_or_default(),
        iTotalRecords: all.total,
        iTotalDisplayRecords: page.total,
        rMsg: if page.total == 0 { "no metadata matching query found" } else { "" },
        aaData: page.items.iter().map(row).collect(),
    };
    let mut response = axum::Json(answer).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Which entries are asked for, and in which order; as many as a page may have where no number of rows is given.
pub(super) fn read(arguments: &[String], parameters: &Parameters) -> Result<ListFilter, Problem> {
    let filter = filter::read(arguments, parameters)?;
    narrow(ListFilter { limit: LIST_LIMIT_MAX, ..filter }, parameters)
}

/// Narrows a list by the parameters of this form, which counted for every representation in the original.
pub(super) fn narrow(mut filter: ListFilter, parameters: &Parameters) -> Result<ListFilter, Problem> {
    if let Some((skipped, limit)) = rows(parameters)? {
        (filter.skipped, filter.limit) = (skipped, limit);
    }
    if let Some((sort, order)) = order(parameters)? {
        (filter.sort, filter.order) = (sort, order);
    }
    filter.search.extend(filter::terms(parameters.first("sSearch").unwrap_or_default(), "sSearch")?);
    for column in SEARCHED_ALONE.filter_map(|index| COLUMNS.get(index).copied().flatten()) {
        if let Some(text) = parameters.first(&searched_by(column)) {
            filter.columns.push(ColumnFilter { column, matching: Matching::Part, text: Column::folded(text.trim()) });
        }
    }
    Ok(filter)
}

/// The parameter that searches a column alone.
pub(crate) fn searched_by(column: Column) -> String {
    let index = COLUMNS.iter().position(|own| *own == Some(column)).unwrap_or_default();
    format!("sSearch_{index}")
}

/// How many rows are passed over, and how many are shown; it counts only where the client says both.
fn rows(parameters: &Parameters) -> Result<Option<(usize, usize)>, Problem> {
    let (start, length): (Option<usize>, Option<i64>) =
        (number(parameters, "iDisplayStart")?, number(parameters, "iDisplayLength")?);
    // A length of -1 means all rows.
    let shown = |length| usize::try_from(length).unwrap_or(LIST_LIMIT_MAX).clamp(1, LIST_LIMIT_MAX);
    Ok(start.zip(length.map(shown)))
}

/// The original sorted by one column, by the moment where none is named.
fn order(parameters: &Parameters) -> Result<Option<(Column, Order)>, Problem> {
    let index: Option<usize> = number(parameters, "iSortCol_0")?;
    let order = parameters.first("sSortDir_0").map(str::parse::<Order>).transpose();
    let order = order.map_err(|error| filter::malformed("sSortDir_0", &error))?;
    if index.is_none() && order.is_none() {
        return Ok(None);
    }
    let column = index.and_then(|index| COLUMNS.get(index).copied().flatten()).unwrap_or_default();
    Ok(Some((column, order.unwrap_or(column.usual_order()))))
}

fn number<T: FromStr>(parameters: &Parameters, name: &str) -> Result<Option<T>, Problem> {
    let read = |text: &str| {
        text.trim().parse().map_err(|_| filter::malformed(name, &format!("{text:?} is not a number that can be meant")))
    };
    parameters.first(name).map(read).transpose()
}

/// What an entry does not say is "null", as the original's clients expect it.
fn row(summary: &Summary) -> [String; 11] {
    let text = |text: Option<&String>| text.map_or_else(|| "null".to_owned(), String::clone);
    COLUMNS.map(|column| match column {
        None => String::new(),
        Some(Column::Os) => text(summary.os.as_ref()),
        Some(Column::OsVersion) => text(summary.os_version.as_ref()),
        Some(Column::OsArch) => text(summary.os_arch.as_ref()),
        Some(Column::Email) => summary.at.email.to_string(),
        Some(Column::Kind) => text(summary.kind.as_ref()),
        Some(Column::Created) => summary.at.created.to_string(),
        Some(Column::Identifier) => summary.at.image.to_string(),
        Some(Column::Location) => text(summary.locations.first()),
        Some(Column::Description) => text(summary.description.as_ref()),
        Some(Column::Title) => text(summary.title.as_ref()),
    })
}
