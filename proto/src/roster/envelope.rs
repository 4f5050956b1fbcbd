//! The envelope of a roster: DSSE 1.0.2 in JSON.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{BadRoster, PAYLOAD_TYPE};
use crate::bounds::{ROSTER_BYTES_MAX, ROSTER_SIGNATURES_MAX};
use crate::node_id::NodeId;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
struct Signature {
    keyid: String,
    sig: String,
}

/// The payload of an envelope with its signatures; a file that is no envelope is a payload.
pub(super) fn read(bytes: &[u8]) -> Result<(Bytes, BTreeMap<NodeId, [u8; 64]>), BadRoster> {
    if bytes.len() > ROSTER_BYTES_MAX {
        return Err(BadRoster::TooLarge { length: bytes.len() });
    }
    let json: serde_json::Value = serde_json::from_slice(bytes)?;
    if json.get("payload").is_none() {
        return Ok((Bytes::copy_from_slice(bytes), BTreeMap::new()));
    }
    let envelope: Envelope = serde_json::from_value(json)?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(BadRoster::PayloadType(envelope.payload_type));
    }
    if envelope.signatures.len() > ROSTER_SIGNATURES_MAX {
        return Err(BadRoster::TooMany { what: "signatures", max: ROSTER_SIGNATURES_MAX });
    }
    let payload = STANDARD.decode(&envelope.payload).map_err(|_| BadRoster::Payload)?;
    let mut signatures = BTreeMap::new();
    for signature in envelope.signatures {
        let key = signature.keyid.parse::<NodeId>().map_err(|error| BadRoster::Signature(error.to_string()))?;
        let bytes = STANDARD.decode(&signature.sig).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| BadRoster::Signature(format!("that of {key} is not base64 of 64 bytes")))?;
        if signatures.insert(key, bytes).is_some() {
            return Err(BadRoster::Signature(format!("{key} signed twice")));
        }
    }
    Ok((payload.into(), signatures))
}

pub(super) fn write(payload: &[u8], signatures: &BTreeMap<NodeId, [u8; 64]>) -> Vec<u8> {
    let signatures = signatures
        .iter()
        .map(|(key, signature)| Signature { keyid: key.to_string(), sig: STANDARD.encode(signature) })
        .collect();
    let envelope = Envelope { payload_type: PAYLOAD_TYPE.to_owned(), payload: STANDARD.encode(payload), signatures };
    let mut text = serde_json::to_vec_pretty(&envelope).expect("texts are JSON");
    text.push(b'\n');
    text
}

/// What signatures are over: the pre-authentication encoding, DSSE "Protocol", section "Signature Definition".
pub(super) fn signed_bytes(payload: &[u8]) -> Vec<u8> {
    let header = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [header.as_bytes(), payload].concat()
}
