//! Distinguished names as Java writes them in its RFC 2253 form, which is what documents carry (docs/original.md 6).

use super::der::{self, Reader, Value};

/// The types that Java knows a keyword for, by the content octets of their object identifier.
const KEYWORDS: [(&[u8], &str); 9] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 25], "DC"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 1], "UID"),
];

/// UTF8String, PrintableString, T61String, IA5String, GeneralString and BMPString. Java reads the octets of all of
/// them as UTF-8, wrong as that is for some, and other nodes compare with what it writes.
const STRINGS: [u8; 6] = [0x0C, 0x13, 0x14, 0x16, 0x1B, 0x1E];

/// The text of a name, given the content of its SEQUENCE; `None` where that is not a name.
pub(super) fn java_rfc2253(content: &[u8]) -> Option<String> {
    let mut reader = Reader::new(content);
    let mut parts = Vec::new();
    while !reader.is_at_end() {
        parts.push(relative_name(reader.expect(der::SET)?)?);
    }
    parts.reverse();
    Some(parts.join(","))
}

fn relative_name(content: &[u8]) -> Option<String> {
    let mut reader = Reader::new(content);
    let mut parts = Vec::new();
    while !reader.is_at_end() {
        let mut pair = Reader::new(reader.expect(der::SEQUENCE)?);
        parts.push(attribute(pair.expect(der::OBJECT_IDENTIFIER)?, pair.next()?)?);
    }
    (!parts.is_empty()).then(|| parts.join("+"))
}

fn attribute(identifier: &[u8], value: Value<'_>) -> Option<String> {
    let keyword = KEYWORDS.iter().find(|(known, _)| *known == identifier).map(|(_, keyword)| *keyword);
    match keyword {
        Some(keyword) if STRINGS.contains(&value.tag) => {
            Some(format!("{keyword}={}", escape(&String::from_utf8_lossy(value.content))))
        }
        Some(keyword) => Some(format!("{keyword}=#{}", hexadecimal(value.encoded))),
        None => Some(format!("{}=#{}", der::dotted(identifier)?, hexadecimal(value.encoded))),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escape(text: &str) -> String {
    let is_trimmed = |character| matches!(character, ' ' | '\r');
    let lead = text.len() - text.trim_start_matches(is_trimmed).len();
    let trail = text.trim_end_matches(is_trimmed).len();
    let mut escaped = String::with_capacity(text.len());
    for (index, character) in text.char_indices() {
        if character == '\0' {
            escaped.push_str("\\00");
            continue;
        }
        if ",=+<>#;\"\\".contains(character) || index < lead || index >= trail {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).expect("a digit")).expect("below 16");
        hexadecimal.as_bytes().chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
    }

    /// Encoded names with what `X500Principal.getName()` of OpenJDK 17.0.15 says of them.
    const VECTORS: &[(&str, &str)] = &[
        (
            "301e311c301a06035504030c13613d6223632c642b653c663e673b6822695c6a",
            "CN=a\\=b\\#c\\,d\\+e\\<f\\>g\\;h\\\"i\\\\j",
        ),
        ("3010310e300c06035504030c05236c656164", "CN=\\#lead"),
        ("30123110300e06035504030c07202074776f2020", "CN=\\ \\ two\\ \\ "),
        ("300c310a300806035504030c0120", "CN=\\ "),
        ("30143112301006035504030c094a6f73c3a920e4b8ad", "CN=José 中"),
        ("300f310d300b060355040314044a6f73e9", "CN=Jos�"),
        ("300e310c300a06035504031403616263", "CN=abc"),
        ("30133111300f06035504031e08004a0061006e0065", "CN=\\00J\\00a\\00n\\00e"),
        ("301b3119301706035504031c100000004a000000610000006e00000065", "CN=#1c100000004a000000610000006e00000065"),
        ("300f310d300b060355040316046a616e65", "CN=jane"),
        ("300f310d300b06035504031b046a616e65", "CN=jane"),
        ("300e310c300a06035504031203313233", "CN=#1203313233"),
        ("300e310c300a06035504031a03766973", "CN=#1a03766973"),
        ("300e310c300a06035504030c03610062", "CN=a\\00b"),
        ("300e310c300a06035504030c030d610d", "CN=\\\ra\\\r"),
        ("3010310e300c06035504030c050a6109620a", "CN=\na\tb\n"),
        ("300b3109300706035504030c00", "CN="),
        ("3017311530130603550403130c612a6240635f642621272829", "CN=a*b@c_d&!'()"),
        ("300d310b300906035504030c02ff41", "CN=�A"),
        ("300c310a30080603550403130178", "CN=x"),
        ("300c310a30080603550406130178", "C=x"),
        ("300c310a30080603550407130178", "L=x"),
        ("300c310a30080603550408130178", "ST=x"),
        ("300c310a3008060355040a130178", "O=x"),
        ("300c310a3008060355040b130178", "OU=x"),
        ("300c310a30080603550409130178", "STREET=x"),
        ("30133111300f060a0992268993f22c640119130178", "DC=x"),
        ("30133111300f060a0992268993f22c640101130178", "UID=x"),
        ("300c310a30080603550404130178", "2.5.4.4=#130178"),
        ("300c310a3008060355042a130178", "2.5.4.42=#130178"),
        ("300c310a30080603550405130178", "2.5.4.5=#130178"),
        ("300c310a3008060355040c130178", "2.5.4.12=#130178"),
        ("30123110300e06092a864886f70d010901130178", "1.2.840.113549.1.9.1=#130178"),
        ("30233114300806035504030c01413008060355040b0c0142310b3009060355040613024555", "C=EU,CN=A+OU=B"),
        ("3000", ""),
        ("300c310a30080603550403020105", "CN=#020105"),
    ];

    #[test]
    fn names_are_written_as_java_writes_them() {
        for (encoded, text) in VECTORS {
            let encoded = bytes(encoded);
            let content = Reader::new(&encoded).expect(der::SEQUENCE).expect("a name");
            assert_eq!(java_rfc2253(content).as_deref(), Some(*text));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for content in ["31", "3100", "3001", "3102300", "310430020600", "3107300506018013", "310730050601800101"] {
            assert_eq!(java_rfc2253(&bytes(&content[..content.len() & !1])), None, "{content}");
        }
    }
}
