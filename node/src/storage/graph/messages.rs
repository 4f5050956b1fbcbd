//! What the node and a query's process say to each other, laid out by hand: a length, a kind, and fields in order.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use oxigraph::model::vocab::xsd;
use oxigraph::model::{BlankNode, Literal, NamedNode, Term, TermRef};

use crate::bounds::QUERY_MESSAGE_BYTES_MAX;

/// What a message is about; the first byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To the process: a query with its limits.
    Query = 1,
    /// To the process: quads of a cursor.
    Quads = 2,
    /// To the process: the names of the graphs.
    Graphs = 3,
    /// To the process: the store changed beneath the query, or failed; nothing more will be read.
    Fault = 4,
    /// To the node: quads of a pattern are wanted.
    Open = 5,
    /// To the node: more of a cursor is wanted.
    Next = 6,
    /// To the node: a cursor is not wanted any more.
    Close = 7,
    /// To the node: the names of the graphs are wanted.
    AskGraphs = 8,
    /// To the node: a part of the answer.
    Part = 9,
    /// To the node: the answer is complete, or there is none.
    Done = 10,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Query,
        Self::Quads,
        Self::Graphs,
        Self::Fault,
        Self::Open,
        Self::Next,
        Self::Close,
        Self::AskGraphs,
        Self::Part,
        Self::Done,
    ];
}

/// A message that is being written.
pub(super) struct Message(Vec<u8>);

impl Message {
    pub(super) fn new(kind: Kind) -> Self {
        Self(vec![0, 0, 0, 0, kind as u8])
    }

    pub(super) fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    /// Puts another byte in the place of the first one after the kind.
    pub(super) fn set_first(&mut self, byte: u8) {
        if let Some(first) = self.0.get_mut(5) {
            *first = byte;
        }
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let length = u32::try_from(text.len()).expect("texts are shorter than the message's bound");
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn texts(&mut self, texts: &[String]) -> &mut Self {
        self.number(texts.len() as u64);
        for text in texts {
            self.text(text);
        }
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn term(&mut self, term: TermRef<'_>) -> &mut Self {
        match term {
            TermRef::NamedNode(node) => self.byte(NAMED).text(node.as_str()),
            TermRef::BlankNode(node) => self.byte(BLANK).text(node.as_str()),
            TermRef::Literal(literal) => match literal.language() {
                Some(language) => self.byte(LANGUAGE).text(literal.value()).text(language),
                None if literal.datatype() == xsd::STRING => self.byte(PLAIN).text(literal.value()),
                None => self.byte(TYPED).text(literal.value()).text(literal.datatype().as_str()),
            },
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn send(&mut self, stream: &mut UnixStream) -> io::Result<()> {
        let length = u32::try_from(self.0.len() - 4).map_err(|_| garbled())?;
        self.0[..4].copy_from_slice(&length.to_le_bytes());
        stream.write_all(&self.0)
    }
}

const NAMED: u8 = 1;
const BLANK: u8 = 2;
const PLAIN: u8 = 3;
const LANGUAGE: u8 = 4;
const TYPED: u8 = 5;

/// A message that is being read.
pub(super) struct Received {
    pub(super) kind: Kind,
    bytes: Vec<u8>,
    at: usize,
}

impl Received {
    /// The next message; an error of the kind `UnexpectedEof` where the other side has ended.
    pub(super) fn read(stream: &mut UnixStream) -> io::Result<Self> {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let [a, b, c, d, kind] = head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let kind = Kind::ALL.into_iter().find(|known| *known as u8 == kind).ok_or_else(garbled)?;
        if length == 0 || length > QUERY_MESSAGE_BYTES_MAX {
            return Err(garbled());
        }
        let mut bytes = vec![0; length - 1];
        stream.read_exact(&mut bytes)?;
        Ok(Self { kind, bytes, at: 0 })
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    pub(super) fn byte(&mut self) -> io::Result<u8> {
        Ok(self.take(1)?[0])
    }

    /// Whether this very byte comes next; it is passed then.
    pub(super) fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn number(&mut self) -> io::Result<u64> {
        let bytes = self.take(8)?.try_into().map_err(|_| garbled())?;
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn size(&mut self) -> io::Result<usize> {
        usize::try_from(self.number()?).map_err(|_| garbled())
    }

    pub(super) fn text(&mut self) -> io::Result<&str> {
        let bytes = self.take(4)?.try_into().map_err(|_| garbled())?;
        let length = u32::from_le_bytes(bytes) as usize;
        std::str::from_utf8(self.take(length)?).map_err(|_| garbled())
    }

    pub(super) fn texts(&mut self) -> io::Result<Vec<String>> {
        let count = self.number()?;
        (0..count).map(|_| self.text().map(str::to_owned)).collect()
    }

    pub(super) fn term(&mut self) -> io::Result<Term> {
        Ok(match self.byte()? {
            NAMED => NamedNode::new_unchecked(self.text()?).into(),
            BLANK => BlankNode::new_unchecked(self.text()?).into(),
            PLAIN => Literal::new_simple_literal(self.text()?).into(),
            LANGUAGE => {
                let value = self.text()?.to_owned();
                Literal::new_language_tagged_literal_unchecked(value, self.text()?).into()
            }
            TYPED => {
                let value = self.text()?.to_owned();
                Literal::new_typed_literal(value, NamedNode::new_unchecked(self.text()?)).into()
            }
            _ => return Err(garbled()),
        })
    }

    fn take(&mut self, count: usize) -> io::Result<&[u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len()).ok_or_else(garbled)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }
}

/// What the other side sent is no message; it is the same program, so this is a fault of its memory or of ours.
pub(super) fn garbled() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a message between the node and a query's process is garbled")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(message: &mut Message) -> io::Result<Received> {
        let (mut here, mut there) = UnixStream::pair().unwrap();
        message.send(&mut here).unwrap();
        drop(here);
        Received::read(&mut there)
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let terms: [Term; 5] = [
            NamedNode::new_unchecked("http://example.org/").into(),
            BlankNode::new_unchecked("b0").into(),
            Literal::new_simple_literal("\u{e9}").into(),
            Literal::new_language_tagged_literal_unchecked("a", "en").into(),
            Literal::new_typed_literal("1", xsd::INTEGER).into(),
        ];
        let mut message = Message::new(Kind::Open);
        message.number(7).text("x").texts(&["y".to_owned()]);
        for term in &terms {
            message.term(term.as_ref());
        }
        let mut read = sent(&mut message).unwrap();
        assert_eq!((read.kind, read.number().unwrap(), read.text().unwrap()), (Kind::Open, 7, "x"));
        assert_eq!(read.texts().unwrap(), ["y"]);
        let back: Vec<Term> = terms.iter().map(|_| read.term().unwrap()).collect();
        assert_eq!(back, terms);
        assert!(read.is_at_end());
    }

    #[test]
    fn what_is_cut_or_unknown_is_garbled() {
        let mut read = sent(Message::new(Kind::Next).byte(1)).unwrap();
        assert!(read.number().is_err());
        for bytes in [&[1, 0, 0, 0, 99][..], &[0, 0, 0, 0, 1], &[255, 255, 255, 255, 1], &[9, 0, 0, 0, 1, 0]] {
            let (mut here, mut there) = UnixStream::pair().unwrap();
            here.write_all(bytes).unwrap();
            drop(here);
            assert!(Received::read(&mut there).is_err(), "{bytes:?}");
        }
    }
}
