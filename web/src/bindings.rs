//! SPARQL results in XML without a query, as the original gave its lists of endorsers, entries and tags.

use std::fmt::Write as _;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::media::Media;
use crate::text::escape_xml;

/// Answers with a result for each of `rows`, which have a value or none for each of `variables`; the original served
/// such results as plain XML.
pub(crate) fn answer<const N: usize>(
    variables: [&str; N],
    rows: impl IntoIterator<Item = [Option<String>; N]>,
) -> Response {
    ([(header::CONTENT_TYPE, Media::Xml.content_type())], write(variables, rows)).into_response()
}

fn write<const N: usize>(variables: [&str; N], rows: impl IntoIterator<Item = [Option<String>; N]>) -> String {
    let named: String = variables.map(|name| format!("<variable name=\"{name}\"/>")).concat();
    let mut written = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sparql xmlns=\"http://www.w3.org/2005/sparql-results#\">\n\
         <head>{named}</head>\n<results>\n"
    );
    for row in rows {
        written.push_str("<result>");
        for (name, value) in variables.iter().zip(row) {
            if let Some(value) = value {
                let value = escape_xml(&value);
                write!(written, "<binding name=\"{name}\"><literal>{value}</literal></binding>")
                    .expect("writing to a string succeeds");
            }
        }
        written.push_str("</result>\n");
    }
    written.push_str("</results>\n</sparql>\n");
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_value_has_no_binding() {
        let rows = [[Some("a<b".to_owned()), None]];
        let results = "<head><variable name=\"x\"/><variable name=\"y\"/></head>\n<results>\n\
                       <result><binding name=\"x\"><literal>a&lt;b</literal></binding></result>\n</results>";
        assert!(write(["x", "y"], rows).contains(results));
    }
}
