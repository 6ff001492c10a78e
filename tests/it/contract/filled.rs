//! A server about which every call has something to say, and the calls as the document has them.

use cutover::http::contract::contract;
use reqwest::{Method, RequestBuilder, header};
use serde_json::Value;

use crate::{
    routes::summary_get::fleet,
    support::{
        answer::Answer,
        app::{TestApp, encoded},
        report::{HOUR, from_now},
    },
};

/// What the paths of the calls need.
pub struct Filled {
    /// A client that was ready and is not any more.
    pub client: String,
    /// An entry of its history.
    pub entry: String,
    /// An upload that can be looked at.
    pub upload: String,
    /// A scope about which the first decision was made.
    pub scope: String,
}

/// Fills a server.
pub async fn filled(app: &TestApp) -> Filled {
    app.sign_in().await;
    fleet(app).await;
    let client = app.report("PC-0042").collected(-3 * HOUR).stored().await;
    app.report("PC-0042").windows7_untouched().stored().await;
    excepted(app, &client).await;
    let refused = app.send("{\"schema_version\": 1}").await;
    assert_eq!(refused.status, 422);
    let lines = [
        app.report("PC-0042").windows7_untouched().line(),
        app.report("PC-0300").line(),
        "{}".to_owned(),
    ];
    let upload = app.upload("?name=two.ndjson", lines.join("\n")).await;
    assert_eq!(upload["state"], "preview", "{upload}");
    let answer = app.json(&format!("/api/v1/clients/{client}")).await;
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let scope = crate::cutover::decided(app).await;
    Filled {
        client,
        scope,
        entry: text(&answer["history"][0]["entry"]),
        upload: text(&upload["id"]),
    }
}

/// Has one person ask for an exception for a client, and another approve it.
async fn excepted(app: &TestApp, client: &str) {
    app.add_user("b.lindqvist", "approver", "brown horse, 5 legs");
    let form = async |cookie: &str, path: &str, body: String| {
        let request = app
            .request(Method::POST, path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location")
    };
    let asks = app.session().expect("somebody signed in").to_owned();
    let day = &from_now(90 * 24 * HOUR)[..10];
    let asked = format!(
        "kind=mitigated&reason={}&control={}&owner={}&until={day}",
        encoded("The maker of the pump allows no change before the contract ends."),
        encoded("A management point of its own, in a network of its own."),
        encoded("Medical engineering"),
    );
    let address = form(&asks, &format!("/clients/{client}/exceptions"), asked).await;
    let decides = app.sign_in_as("b.lindqvist", "brown horse, 5 legs").await;
    let note = format!("note={}", encoded("Looked at on the ward."));
    form(&decides, &format!("{address}/approve"), note).await;
}

/// A call of the document.
#[derive(Clone, Copy)]
pub struct Call {
    pub path: &'static str,
    pub method: &'static str,
    pub says: &'static Value,
}

/// Every call of the document.
pub fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for (path, methods) in contract().value["paths"].as_object().expect("paths") {
        for (method, says) in methods.as_object().expect("methods") {
            calls.push(Call { path, method, says });
        }
    }
    assert!(calls.len() > 20, "{}", calls.len());
    calls
}

impl Call {
    pub fn id(&self) -> &'static str {
        self.says["operationId"].as_str().expect("an id")
    }

    pub fn method(&self) -> Method {
        self.method.to_uppercase().parse().expect("a method")
    }

    /// The purpose of a token that may make it; `None`: it takes none.
    pub fn purpose(&self) -> Option<&'static str> {
        let scheme = self.says["security"].get(0)?.as_object()?.keys().next()?;
        // What no token may do is for people.
        scheme.strip_suffix("Token")
    }

    /// Its parameters that stand in this place.
    pub fn params(&self, place: &str) -> Vec<&'static Value> {
        let all = self.says["parameters"].as_array();
        let all = all.map_or(&[][..], Vec::as_slice);
        all.iter().filter(|param| param["in"] == place).collect()
    }

    /// Its path on a filled server.
    pub fn address(&self, filled: &Filled) -> String {
        let id = if self.path.contains("/uploads/") {
            &filled.upload
        } else if self.path.contains("/scopes/") {
            &filled.scope
        } else {
            &filled.client
        };
        self.path
            .replace("{id}", id)
            .replace("{entry}", &filled.entry)
            .replace("{number}", "1")
    }

    /// Its path in a form. Resource ids mean something within one site only.
    pub fn address_as(&self, filled: &Filled, media: &str) -> String {
        let of_a_site = matches!(media, "text/plain" | "application/x-powershell");
        let address = self.address(filled);
        if of_a_site && matches!(self.id(), "listClients" | "listBlockers") {
            return format!("{address}?site=P01");
        }
        address
    }

    /// A request with a token that may.
    pub fn request(&self, app: &TestApp, address: &str) -> RequestBuilder {
        let request = app.request(self.method(), address);
        match self.purpose() {
            Some(purpose) => request.bearer_auth(app.token(purpose)),
            None => match app.session() {
                Some(session) => request.header(header::COOKIE, session),
                None => request,
            },
        }
    }

    /// What the document says of an answer with this status.
    pub fn response(&self, status: u16) -> Option<&'static Value> {
        let response = self.says["responses"].get(status.to_string())?;
        Some(resolved(response))
    }

    /// Asks for it in this form.
    pub async fn ask(&self, app: &TestApp, address: &str, media: &str) -> Answer {
        let request = self.request(app, address);
        Answer::to(request.header(header::ACCEPT, media)).await
    }
}

/// What a reference leads to.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(place) => contract().value.pointer(&place[1..]).expect("it is there"),
        None => value,
    }
}

/// The example of a parameter as an address has it.
pub fn example(param: &Value) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(match param.get("example")? {
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(","),
        one => text(one),
    })
}
