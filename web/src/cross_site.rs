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
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if text("sec-fetch-site") == Some("cross-site") {
        return Err(refusal("sec-fetch-site: cross-site"));
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return Ok(()) };
    let from = origin.split_once("://").map_or("", |(_, host)| host);
    let own = [authority(headers, uri), settings.public_url.as_ref().map(|url| url.authority())];
    if own.into_iter().flatten().any(|own| own.eq_ignore_ascii_case(from)) { Ok(()) } else { Err(refusal(origin)) }
}

fn refusal(value: &str) -> Problem {
    let detail = format!("this form was posted from another site ({value}); open the upload page of this node");
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
    fn a_form_from_this_site_and_a_program_pass() {
        assert!(check(&[("host", "mp.org:80"), ("sec-fetch-site", "same-origin")]).is_ok());
        assert!(check(&[("host", "mp.org:8080"), ("origin", "http://mp.org:8080")]).is_ok());
        assert!(check(&[("host", "mp.org")]).is_ok());
    }
}
