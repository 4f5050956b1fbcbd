//! Which entries a request for a list means.

use std::fmt::Display;
use std::str::FromStr;

use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::timestamp::Timestamp;

use crate::asked::Parameters;
use crate::bounds::{LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX};
use crate::problem::Problem;
use crate::registry::{Coordinates, Cursor, ListFilter, Status};

/// Filters that lists will have; answering as if they were not asked for would show too much.
const NOT_YET: [&str; 9] = ["location", "os", "os-version", "os-arch", "kind", "search", "sort", "order", "sEcho"];

/// Reads path arguments by their shape, in any order, and parameters by their names.
pub(crate) fn read(arguments: &[String], parameters: &Parameters) -> Result<ListFilter, Problem> {
    refuse_unavailable(parameters)?;
    let mut filter = ListFilter {
        image: None,
        email: None,
        created: None,
        status: status(parameters),
        standing: one(parameters, "standing")?,
        limit: limit(parameters)?,
        after: after(parameters)?,
    };
    for argument in arguments.iter().filter(|argument| !argument.is_empty() && *argument != "null") {
        narrow_by_shape(&mut filter, argument)?;
    }
    agree(&mut filter.image, one(parameters, "identifier")?, "identifier")?;
    agree(&mut filter.email, one(parameters, "email")?, "email")?;
    agree(&mut filter.created, one(parameters, "created")?, "created")?;
    Ok(filter)
}

fn refuse_unavailable(parameters: &Parameters) -> Result<(), Problem> {
    let asked = |name: &&&str| parameters.first(name).is_some_and(|value| (**name, value) != ("location", "all"));
    match NOT_YET.iter().find(asked) {
        Some(name) => {
            let detail = format!("{name}: lists cannot be narrowed by it in this version; ask /sparql instead");
            Err(Problem::bad_request("parameter", detail))
        }
        None => Ok(()),
    }
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

/// How many entries or endorsers a page has.
pub(crate) fn limit(parameters: &Parameters) -> Result<usize, Problem> {
    let Some(text) = parameters.first("limit") else { return Ok(LIST_LIMIT_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=LIST_LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| malformed("limit", &format!("{text:?} is not a number from 1 to {LIST_LIMIT_MAX}")))
}

fn after(parameters: &Parameters) -> Result<Option<Cursor>, Problem> {
    let Some(text) = parameters.first("after") else { return Ok(None) };
    let read = |(created, entry): (&str, &str)| {
        let (created, entry) = (created.parse().ok()?, entry.parse::<EntryId>().ok()?);
        Some(Cursor { created, entry })
    };
    let cursor = text.split_once('_').and_then(read);
    cursor
        .map(Some)
        .ok_or_else(|| malformed("after", &format!("{text:?} is not a place in a list; follow its next link")))
}

fn malformed(name: &str, error: &dyn Display) -> Problem {
    Problem::bad_request("parameter", format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use axum::http::{StatusCode, Uri};
    use proto::standing::Standing;

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
        assert_eq!(read.after.map(crate::urls::cursor), Some(format!("{CREATED}_{}", "ab".repeat(32))));
    }

    #[test]
    fn a_filter_that_is_not_available_is_refused_and_not_passed_over() {
        for query in ["os=Debian", "location=web", "search=linux"] {
            assert!(filter(&[], query).is_err_and(|problem| problem.status == StatusCode::BAD_REQUEST), "{query}");
        }
        assert!(filter(&[], "location=all").is_ok());
    }
}
