//! What the API says when it cannot do as asked: RFC 9457, always with what to do about it.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use serde_json::{Value, json};

use crate::journal;
use crate::journal::tokens::Role;
use crate::operate::NotStarted;

/// A refusal.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// The last part of `urn:mapwright:problem:`, stable.
    pub(super) kind: &'static str,
    pub(super) title: &'static str,
    pub(super) detail: String,
    /// Seconds until it is worth asking again.
    pub(super) retry_after: Option<u64>,
    /// All that was found, where that is more than the detail.
    pub(super) report: Option<Value>,
}

impl Problem {
    pub(super) fn wrong(kind: &'static str, detail: impl Into<String>) -> Self {
        let title = "The request cannot be understood";
        Self {
            status: StatusCode::BAD_REQUEST,
            kind,
            title,
            detail: detail.into(),
            retry_after: None,
            report: None,
        }
    }

    pub(super) fn unfit(kind: &'static str, detail: impl Into<String>) -> Self {
        let title = "The request cannot be carried out";
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            kind,
            title,
            detail: detail.into(),
            retry_after: None,
            report: None,
        }
    }

    pub(super) fn unknown(detail: impl Into<String>) -> Self {
        let title = "There is no such thing";
        Self {
            status: StatusCode::NOT_FOUND,
            kind: "not-found",
            title,
            detail: detail.into(),
            retry_after: None,
            report: None,
        }
    }

    pub(super) fn conflict(kind: &'static str, detail: impl Into<String>) -> Self {
        let title = "It does not stand where the request needs it";
        Self {
            status: StatusCode::CONFLICT,
            kind,
            title,
            detail: detail.into(),
            retry_after: None,
            report: None,
        }
    }

    pub(super) fn unauthorized(detail: impl Into<String>) -> Self {
        let title = "A token is needed";
        Self {
            status: StatusCode::UNAUTHORIZED,
            kind: "unauthorized",
            title,
            detail: detail.into(),
            retry_after: None,
            report: None,
        }
    }

    fn forbidden(detail: String) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            kind: "forbidden",
            title: "This token is not for that",
            detail,
            retry_after: None,
            report: None,
        }
    }

    /// A role that may less than is needed.
    pub(super) fn role(has: Role, needs: Role) -> Self {
        Self::forbidden(format!("its role is `{has}`; this needs a token of role `{needs}`"))
    }

    /// Another merchant's, or one that is not there: nobody is told which.
    pub(super) fn not_yours(own: &str) -> Self {
        Self::forbidden(format!("it is for merchant `{own}` and no other"))
    }

    /// What is no single merchant's.
    pub(super) fn of_the_host() -> Self {
        Self::forbidden("it is for one merchant, and this is about the whole host".to_owned())
    }

    /// Wrong tokens, more than a person mistypes.
    pub(super) fn too_many_guesses(wait: std::time::Duration) -> Self {
        Self::too_many("guesses", "too many wrong tokens came from there lately", wait)
    }

    /// More than there may be in so much time.
    pub(super) fn too_many(
        kind: &'static str,
        detail: impl std::fmt::Display,
        wait: std::time::Duration,
    ) -> Self {
        let seconds = wait.as_secs().max(1);
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            kind,
            title: "That was too much in so little time",
            detail: format!("{detail}: try again in {seconds} s"),
            retry_after: Some(seconds),
            report: None,
        }
    }

    pub(super) fn response(&self) -> Response<Body> {
        let mut body = json!({
            "type": format!("urn:mapwright:problem:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(report) = &self.report {
            body["report"] = report.clone();
        }
        let mut response = Response::builder()
            .status(self.status)
            .header(header::CONTENT_TYPE, "application/problem+json");
        if self.status == StatusCode::UNAUTHORIZED {
            response = response.header(header::WWW_AUTHENTICATE, "Bearer realm=\"mapwright\"");
        }
        if let Some(seconds) = self.retry_after {
            response = response.header(header::RETRY_AFTER, seconds);
        }
        response.body(Body::from(format!("{body}\n"))).expect("all of its parts are valid")
    }
}

impl Problem {
    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        let title = "The journal cannot be used at the moment";
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            kind: "journal",
            title,
            detail: detail.into(),
            retry_after: None,
            report: None,
        }
    }
}

impl From<journal::Error> for Problem {
    fn from(error: journal::Error) -> Self {
        tracing::warn!(%error, "the API could not do as asked");
        Self::unavailable(error.to_string())
    }
}

impl From<NotStarted> for Problem {
    fn from(not: NotStarted) -> Self {
        match not {
            NotStarted::Wrong(said) => Self::unfit("replay", said),
            NotStarted::Unknown(said) => Self::unknown(said),
            NotStarted::Journal(error) => error.into(),
        }
    }
}
