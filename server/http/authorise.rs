//! Who may come in, decided once for each request, before anything else of it is looked at: deny, unless the table of routes
//! says otherwise.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    auth::{self, Caller},
    body,
    pacing::Use,
    routes::{Needs, Rule, Rules},
    within,
};
use crate::{
    domain::access::Role,
    error::Problem,
    state::App,
    store::tokens::{Purpose, Token},
};

/// Whom the rule lets in.
enum Let {
    /// It may go on.
    In,
    /// It is a person who has to choose a password first.
    ChoosePassword,
}

/// Lets a request in or not.
pub(super) async fn authorise(
    State((app, rules)): State<(App, Arc<Rules>)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let problem = match admit(&app, &rules, &mut parts).await {
        Ok(Let::In) => return next.run(Request::from_parts(parts, body)).await,
        Ok(Let::ChoosePassword)
            if parts.method == Method::GET && !parts.uri.path().starts_with("/api/") =>
        {
            return Redirect::to("/account").into_response();
        }
        Ok(Let::ChoosePassword) => Problem::Forbidden(
            "Your password is for once. Choose your own on the page /account first.".to_owned(),
        ),
        Err(problem) => problem,
    };
    // Whoever still sends would never read the answer.
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        body::pass_over(body).await;
    }
    problem.into_response()
}

async fn admit(app: &App, rules: &Rules, parts: &mut Parts) -> Result<Let, Problem> {
    let Some(rule) = rule(rules, parts) else {
        tracing::error!(path = parts.uri.path(), "a route without a rule");
        return Err(Problem::Forbidden("Nobody may do this.".to_owned()));
    };
    if rule.needs == Needs::Anyone {
        return Ok(Let::In);
    }
    let caller = auth::caller(parts, app).await?;
    let sites = within::note(parts, &caller.sites());
    match &caller {
        Caller::Program(token) => {
            suits(token, rule.tokens)?;
            app.pacer().ask(parts, &token.id, use_of(token.purpose))?;
        }
        Caller::Person(person) => {
            if !rule.needs.allow(person.role) {
                return Err(Problem::Forbidden(refused(rule.needs, person.role)));
            }
            // Whoever manages accounts could give away the sites that are kept from them.
            if matches!(rule.needs, Needs::Administer | Needs::ReadAudit) {
                within::whole_estate(&sites)?;
            }
            if person.must_change && rule.needs != Needs::OwnAccount {
                return Ok(Let::ChoosePassword);
            }
        }
    }
    parts.extensions.insert(caller);
    Ok(Let::In)
}

fn rule(rules: &Rules, parts: &Parts) -> Option<Rule> {
    let path = parts.extensions.get::<MatchedPath>()?.as_str();
    // HEAD is GET without its body.
    let method = match &parts.method {
        &Method::HEAD => Method::GET,
        other => other.clone(),
    };
    let of_path = rules.get(path)?;
    of_path
        .iter()
        .find(|(of, _)| *of == method)
        .map(|(_, rule)| *rule)
}

fn suits(token: &Token, purposes: &[Purpose]) -> Result<(), Problem> {
    if purposes.contains(&token.purpose) {
        return Ok(());
    }
    Err(Problem::Forbidden(match purposes.first() {
        Some(purpose) => format!(
            "This token is for {} only; this call needs one for {}.",
            token.purpose.code(),
            purpose.code()
        ),
        None => "This is for people who have signed in; no token may do it.".to_owned(),
    }))
}

/// A token that sends is slowed by other things than one that asks.
const fn use_of(purpose: Purpose) -> Use {
    match purpose {
        Purpose::Ingest | Purpose::Import => Use::Sending,
        Purpose::Read | Purpose::Population => Use::Reading,
    }
}

/// Which roles may, in a sentence.
fn refused(needs: Needs, role: Role) -> String {
    let may: Vec<&str> = Role::ALL
        .into_iter()
        .filter(|known| needs.allow(*known))
        .map(Role::code)
        .collect();
    let may = match may.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nobody has".to_owned(),
    };
    format!(
        "This needs the role {may}; your role is {}. An administrator can change it.",
        role.code()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_is_told_who_may() {
        assert_eq!(
            refused(Needs::Feed, Role::Viewer),
            "This needs the role operator or administrator; your role is viewer. An administrator can change it."
        );
        assert!(
            refused(Needs::Administer, Role::Auditor)
                .starts_with("This needs the role administrator;")
        );
    }
}
