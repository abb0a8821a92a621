//! Signed queries: what a node tells or does only for holders of its agency's keys.
//! Holds: what is signed is exactly what is sent: method, path and body.
//! Source: docs/formats.md, "Signed queries"; docs/api.md.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use comity_core::encoding::encode;
use comity_core::hash::ConsortiumId;
use comity_core::ids::TimeMs;
use comity_core::keys::SecretKey;
use comity_core::query::{Query, SignedQuery};
use comity_core::text::TextError;
use serde_json::Value;
use sha2::{Digest, Sha256};
use ureq::http::Request;

use super::{Client, Problem, read_body};
use crate::fault::Fault;
use crate::messages::fault;

impl Client {
    /// Asks in the name of a key, and reads the JSON answered. Errors: the node cannot be reached
    /// or declines.
    pub(crate) fn signed(
        &self,
        (secret, consortium): (&SecretKey, ConsortiumId),
        made_at: TimeMs,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Fault> {
        let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
        self.signed_bytes((secret, consortium), made_at, method, path, body)
    }

    /// Like [`Client::signed`], with a body of any kind and bytes.
    pub(crate) fn signed_bytes(
        &self,
        (secret, consortium): (&SecretKey, ConsortiumId),
        made_at: TimeMs,
        method: &'static str,
        path: &str,
        body: Option<(&'static str, Vec<u8>)>,
    ) -> Result<Value, Fault> {
        let digest = hex::encode(Sha256::digest(body.as_ref().map_or(&[][..], |(_, bytes)| bytes)));
        let unfit = |cause: TextError| fault!(Usage, "query-unfit", path = path, cause = cause);
        let unmade =
            |cause: ureq::http::Error| fault!(Usage, "query-unfit", path = path, cause = cause);
        let query = Query {
            consortium,
            key: secret.public(),
            method: method.parse().map_err(unfit)?,
            path: path.parse().map_err(unfit)?,
            body: digest.parse().map_err(unfit)?,
            made_at,
        };
        let signature = secret.sign_query(&query);
        let signed = BASE64_STANDARD.encode(encode(&SignedQuery { query, signature }));
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Comity {signed}"));
        let sent = match body {
            Some((kind, bytes)) => {
                let request = request.header("content-type", kind).body(bytes);
                self.agent()?.run(request.map_err(unmade)?)
            }
            None => self.agent()?.run(request.body(()).map_err(unmade)?),
        };
        let mut response = sent.map_err(|e| self.unreachable(&e))?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return self.json(response);
        }
        let body = read_body(&mut response).unwrap_or_default();
        Err(self.declined(Problem::read(status, &body)))
    }

    fn declined(&self, problem: Problem) -> Fault {
        let url = self.url();
        let detail = problem.words();
        match problem.name() {
            "unsigned" | "bad-signature" => {
                fault!(Failed, "query-not-believed", url = url, detail = detail)
            }
            "not-yours" => fault!(Failed, "not-yours", url = url, detail = detail),
            "not-kept" => fault!(Failed, "not-kept", url = url, detail = detail),
            "kept-damaged" => fault!(Failed, "kept-damaged", url = url, detail = detail),
            "erased" => fault!(Failed, "erased", detail = problem.erasure().unwrap_or(detail)),
            "kept-full" => fault!(Failed, "kept-full", url = url, detail = detail),
            _ => problem.into_fault(url),
        }
    }
}
