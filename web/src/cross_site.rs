//! Protection of forms that act against posts that another site makes a browser send.

use axum::http::header::{self, HeaderMap};
use axum::http::{StatusCode, Uri};

use crate::asked::authority;
use crate::problem::Problem;
use crate::settings::Settings;

/// Refuses a form that a browser says comes from another site; programs send neither header and are not concerned.
///
/// Raw uploads need no check: a browser asks first (CORS) before it posts their content types, and is told no.
pub(crate) fn refuse_foreign_form(headers: &HeaderMap, uri: &Uri, settings: &Settings) -> Result<(), Problem> {
    match text(headers, "sec-fetch-site") {
        Some("cross-site") => Err(refusal("sec-fetch-site: cross-site")),
        _ => refuse_foreign_origin(headers, uri, settings),
    }
}

/// The same for a form whose address is a secret, which no other site knows.
///
/// Its page hides where its reader comes from, and so a browser may call its origin `null`.
pub(crate) fn refuse_foreign_action(headers: &HeaderMap, uri: &Uri, settings: &Settings) -> Result<(), Problem> {
    match (text(headers, "sec-fetch-site"), text(headers, header::ORIGIN.as_str())) {
        (Some("cross-site"), _) => Err(refusal("sec-fetch-site: cross-site")),
        (_, Some("null")) => Ok(()),
        _ => refuse_foreign_origin(headers, uri, settings),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

fn refuse_foreign_origin(headers: &HeaderMap, uri: &Uri, settings: &Settings) -> Result<(), Problem> {
    let Some(origin) = text(headers, header::ORIGIN.as_str()) else { return Ok(()) };
    let from = origin.split_once("://").map_or("", |(_, host)| host);
    let own = [authority(headers, uri), settings.public_url.as_ref().map(|url| url.authority())];
    if own.into_iter().flatten().any(|own| own.eq_ignore_ascii_case(from)) { Ok(()) } else { Err(refusal(origin)) }
}

fn refusal(value: &str) -> Problem {
    let detail = format!("this form was posted from another site ({value}); open the page on this node");
    Problem::new(StatusCode::FORBIDDEN, "cross-site", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&'static str, &'static str)]) -> Result<(), Problem> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
        };
        let headers = pairs.iter().map(pair).collect();
        refuse_foreign_form(&headers, &Uri::from_static("/metadata"), &Settings::default())
    }

    #[test]
    fn a_form_from_another_site_is_refused() {
        assert!(check(&[("host", "mp.org"), ("sec-fetch-site", "cross-site")]).is_err());
        assert!(check(&[("host", "mp.org"), ("origin", "https://evil.org")]).is_err());
        assert!(check(&[("host", "mp.org"), ("origin", "null")]).is_err());
    }

    #[test]
    fn an_action_from_another_site_is_refused_and_a_hidden_origin_is_not() {
        let check = |pairs: &[(&'static str, &'static str)]| {
            let pair = |(name, value): &(&'static str, &'static str)| {
                (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
            };
            let headers = pairs.iter().map(pair).collect();
            refuse_foreign_action(&headers, &Uri::from_static("/action"), &Settings::default())
        };
        assert!(check(&[("host", "mp.org"), ("sec-fetch-site", "cross-site"), ("origin", "null")]).is_err());
        assert!(check(&[("host", "mp.org"), ("origin", "https://evil.org")]).is_err());
        assert!(check(&[("host", "mp.org"), ("sec-fetch-site", "same-origin"), ("origin", "null")]).is_ok());
        assert!(check(&[("host", "mp.org"), ("origin", "null")]).is_ok());
        assert!(check(&[("host", "mp.org"), ("origin", "http://mp.org")]).is_ok());
    }

    #[test]
    fn a_form_from_this_site_and_a_program_pass() {
        assert!(check(&[("host", "mp.org:80"), ("sec-fetch-site", "same-origin")]).is_ok());
        assert!(check(&[("host", "mp.org:8080"), ("origin", "http://mp.org:8080")]).is_ok());
        assert!(check(&[("host", "mp.org")]).is_ok());
    }
}
