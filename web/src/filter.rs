//! Which entries a request for a list means.

use std::fmt::Display;
use std::str::FromStr;

use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::timestamp::Timestamp;

use crate::asked::Parameters;
use crate::bounds::{
    CURSOR_KEY_BYTES_MAX, LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, SEARCH_TERM_CHARACTERS_MAX, SEARCH_TERMS_MAX,
};
use crate::problem::Problem;
use crate::registry::{Column, ColumnFilter, Coordinates, Cursor, ListFilter, Matching, Place, Status};

/// Reads path arguments by their shape, in any order, and parameters by their names.
pub(crate) fn read(arguments: &[String], parameters: &Parameters) -> Result<ListFilter, Problem> {
    let sort: Column = one(parameters, "sort")?.unwrap_or_default();
    let mut filter = ListFilter {
        status: status(parameters),
        standing: one(parameters, "standing")?,
        place: place(parameters),
        columns: columns(parameters)?,
        search: terms(parameters.first("search").unwrap_or_default(), "search")?,
        at: moment(parameters)?,
        sort,
        order: one(parameters, "order")?.unwrap_or(sort.usual_order()),
        limit: limit(parameters)?,
        after: after(parameters)?,
        ..ListFilter::default()
    };
    for argument in arguments.iter().filter(|argument| !argument.is_empty() && *argument != "null") {
        narrow_by_shape(&mut filter, argument)?;
    }
    agree(&mut filter.image, one(parameters, "identifier")?, "identifier")?;
    agree(&mut filter.email, one(parameters, "email")?, "email")?;
    agree(&mut filter.created, one(parameters, "created")?, "created")?;
    Ok(filter)
}

/// Reads the three segments of an entry's address; what is malformed names no entry.
pub(crate) fn coordinates(identifier: &str, email: &str, created: &str) -> Result<Coordinates, Problem> {
    fn part<T: FromStr<Err: Display>>(text: &str) -> Result<T, Problem> {
        text.parse().map_err(|error: T::Err| Problem::not_found(format!("metadata entry not found: {error}")))
    }
    Ok(Coordinates { image: part(identifier)?, email: part(email)?, created: part(created)? })
}

/// An e-mail address or a moment is known by its shape; anything else is an identifier (docs/original.md 8).
fn narrow_by_shape(filter: &mut ListFilter, argument: &str) -> Result<(), Problem> {
    if let Ok(email) = argument.parse::<Email>() {
        agree(&mut filter.email, Some(email), "email")
    } else if let Ok(created) = argument.parse::<Timestamp>() {
        agree(&mut filter.created, Some(created), "created")
    } else {
        let image = argument.parse::<ImageIdentifier>().map_err(|error| {
            let detail = format!("{error}; it is neither an e-mail address nor a moment like 2014-03-08T14:10:40Z");
            Problem::not_found(detail)
        })?;
        agree(&mut filter.image, Some(image), "identifier")
    }
}

fn agree<T: PartialEq + Display>(held: &mut Option<T>, more: Option<T>, name: &str) -> Result<(), Problem> {
    match (held.as_ref(), more) {
        (_, None) => Ok(()),
        (Some(held), Some(more)) if *held != more => {
            Err(Problem::bad_request("conflicting-filters", format!("{name}: both {held} and {more} are asked for")))
        }
        (_, more) => {
            *held = more;
            Ok(())
        }
    }
}

/// The one value of a parameter; several different ones conflict.
fn one<T: FromStr<Err: Display> + PartialEq + Display>(
    parameters: &Parameters,
    name: &str,
) -> Result<Option<T>, Problem> {
    let mut held = None;
    for value in parameters.all(name) {
        let read = value.parse().map_err(|error: T::Err| malformed(name, &error))?;
        agree(&mut held, Some(read), name)?;
    }
    Ok(held)
}

/// A state that the original did not know meant no filter by state.
fn status(parameters: &Parameters) -> Status {
    match parameters.first("status") {
        None | Some("valid") => Status::Valid,
        Some("expired") => Status::Expired,
        Some("deprecated") => Status::Deprecated,
        Some(_) => Status::All,
    }
}

/// The moment that is looked at; none where it is the present.
pub(crate) fn moment(parameters: &Parameters) -> Result<Option<Timestamp>, Problem> {
    one(parameters, "at")
}

/// A place that the original did not know meant no filter by place.
pub(crate) fn place(parameters: &Parameters) -> Option<Place> {
    let asked = parameters.first("location")?;
    [Place::Web, Place::Pdisk].into_iter().find(|place| place.name() == asked)
}

fn columns(parameters: &Parameters) -> Result<Vec<ColumnFilter>, Problem> {
    let asked = [Column::Os, Column::OsVersion, Column::OsArch, Column::Kind].map(|column| {
        let text: Option<String> = one(parameters, column.name())?;
        Ok(text.map(|text| ColumnFilter { column, matching: Matching::Whole, text: Column::folded(&text) }))
    });
    asked.into_iter().filter_map(Result::transpose).collect()
}

/// The terms of a search, apart by blanks.
pub(crate) fn terms(text: &str, name: &str) -> Result<Vec<String>, Problem> {
    let parts = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|term| !term.is_empty());
    let terms: Vec<String> = parts.take(SEARCH_TERMS_MAX + 1).map(str::to_owned).collect();
    if terms.len() > SEARCH_TERMS_MAX {
        return Err(malformed(name, &format!("there are more than {SEARCH_TERMS_MAX} words")));
    }
    match terms.iter().find(|term| term.chars().count() > SEARCH_TERM_CHARACTERS_MAX) {
        Some(_) => Err(malformed(name, &format!("a word has more than {SEARCH_TERM_CHARACTERS_MAX} characters"))),
        None => Ok(terms),
    }
}

/// How many entries or endorsers a page has.
pub(crate) fn limit(parameters: &Parameters) -> Result<usize, Problem> {
    let Some(text) = parameters.first("limit") else { return Ok(LIST_LIMIT_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=LIST_LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| malformed("limit", &format!("{text:?} is not a number from 1 to {LIST_LIMIT_MAX}")))
}

fn after(parameters: &Parameters) -> Result<Option<Cursor>, Problem> {
    let Some(text) = parameters.first("after") else { return Ok(None) };
    let read = |(created, rest): (&str, &str)| {
        let (entry, key) = rest.split_once('_').unwrap_or((rest, ""));
        let (created, entry) = (created.parse().ok()?, entry.parse::<EntryId>().ok()?);
        (key.len() <= CURSOR_KEY_BYTES_MAX).then(|| Cursor { key: key.to_owned(), created, entry })
    };
    let cursor = text.split_once('_').and_then(read);
    cursor
        .map(Some)
        .ok_or_else(|| malformed("after", &format!("{text:?} is not a place in a list; follow its next link")))
}

pub(crate) fn malformed(name: &str, error: &dyn Display) -> Problem {
    Problem::bad_request("parameter", format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use axum::http::{StatusCode, Uri};
    use proto::standing::Standing;

    use crate::registry::Order;

    const IDENTIFIER: &str = "MMZu9WvwKIro-rtBQfDk4PsKO7_";
    const CREATED: &str = "2014-03-08T14:10:40Z";

    fn filter(arguments: &[&str], query: &str) -> Result<ListFilter, Problem> {
        let uri = format!("/metadata?{query}").parse::<Uri>().expect("the test's address is good");
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>();
        read(&arguments, &Parameters::of(&uri))
    }

    #[test]
    fn path_arguments_are_known_by_their_shape_in_any_order() {
        let one = filter(&[IDENTIFIER, "a@b.org"], "");
        assert_eq!(one, filter(&["a@b.org", IDENTIFIER], ""));
        assert_eq!(one.map(|filter| filter.image.map(|image| image.to_string())), Ok(Some(IDENTIFIER.to_owned())));
        assert!(filter(&[CREATED], "").is_ok_and(|filter| filter.created.is_some()));
    }

    #[test]
    fn a_path_argument_of_no_shape_is_not_found_and_a_parameter_is_a_bad_request() {
        assert_eq!(filter(&["nonsense"], "").map_err(|problem| problem.status), Err(StatusCode::NOT_FOUND));
        let by_name = filter(&[], "identifier=nonsense").map_err(|problem| (problem.status, problem.detail));
        assert!(by_name.is_err_and(|(status, detail)| status == 400 && detail.contains("\"nonsense\"")));
    }

    #[test]
    fn filters_that_conflict_are_refused() {
        assert!(filter(&["a@b.org"], "email=a@b.org").is_ok());
        assert!(filter(&["a@b.org"], "email=c@d.org").is_err());
        assert!(filter(&["a@b.org", "c@d.org"], "").is_err());
        assert!(filter(&[], "email=a@b.org&email=c@d.org").is_err());
    }

    #[test]
    fn an_unknown_status_means_all() {
        assert_eq!(filter(&[], "status=anything").map(|filter| filter.status), Ok(Status::All));
        assert_eq!(filter(&[], "").map(|filter| filter.status), Ok(Status::Valid));
    }

    #[test]
    fn a_limit_or_cursor_that_is_malformed_is_named() {
        for query in ["limit=0", "limit=1001", "limit=x", "after=x", "after=2014-03-08T14:10:40Z_12"] {
            let value = query.split_once('=').map_or("", |(_, value)| value);
            assert!(filter(&[], query).is_err_and(|problem| problem.detail.contains(value)), "{query}");
        }
    }

    #[test]
    fn a_cursor_survives_its_address() {
        let text = format!("after={CREATED}_{}&standing=bare", "ab".repeat(32));
        let read = filter(&[], &text).expect("the test's cursor is good");
        assert_eq!(read.standing, Some(Standing::Bare));
        assert_eq!(read.after.as_ref().map(crate::urls::cursor), Some(format!("{CREATED}_{}", "ab".repeat(32))));
    }

    #[test]
    fn columns_are_compared_without_case() {
        let read = filter(&[], "os=Debian&os-arch=X86_64&location=web").expect("the test's filter is good");
        let columns: Vec<_> = read.columns.iter().map(|one| (one.column, one.text.as_str())).collect();
        assert_eq!(columns, [(Column::Os, "debian"), (Column::OsArch, "x86_64")]);
        assert_eq!(read.place, Some(Place::Web));
        assert_eq!(filter(&[], "location=elsewhere").map(|filter| filter.place), Ok(None));
    }

    #[test]
    fn a_search_has_its_words_and_no_more_than_are_looked_up() {
        let words = filter(&[], "search=+web%00server%0A").map(|filter| filter.search);
        assert_eq!(words, Ok(vec!["web".to_owned(), "server".to_owned()]));
        for query in [format!("search={}", "a+".repeat(9)), format!("search={}", "a".repeat(65))] {
            assert!(filter(&[], &query).is_err_and(|problem| problem.detail.contains("search")), "{query}");
        }
    }

    #[test]
    fn an_order_is_that_of_its_column_unless_one_is_asked_for() {
        let order = |query| filter(&[], query).map(|filter| (filter.sort, filter.order));
        assert_eq!(order(""), Ok((Column::Created, Order::Descending)));
        assert_eq!(order("sort=title"), Ok((Column::Title, Order::Ascending)));
        assert_eq!(order("sort=title&order=DESC"), Ok((Column::Title, Order::Descending)));
        assert!(order("sort=entry").is_err() && order("order=up").is_err());
    }
}
