//! What the API says when it cannot do as asked: RFC 9457, always with what to do about it.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use serde_json::json;

use crate::journal;
use crate::operate::NotStarted;

/// A refusal.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// The last part of `urn:mapwright:problem:`, stable.
    pub(super) kind: &'static str,
    pub(super) title: &'static str,
    pub(super) detail: String,
}

impl Problem {
    pub(super) fn wrong(kind: &'static str, detail: impl Into<String>) -> Self {
        let title = "The request cannot be understood";
        Self { status: StatusCode::BAD_REQUEST, kind, title, detail: detail.into() }
    }

    pub(super) fn unfit(kind: &'static str, detail: impl Into<String>) -> Self {
        let title = "The request cannot be carried out";
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, kind, title, detail: detail.into() }
    }

    pub(super) fn unknown(detail: impl Into<String>) -> Self {
        let title = "There is no such thing";
        Self { status: StatusCode::NOT_FOUND, kind: "not-found", title, detail: detail.into() }
    }

    pub(super) fn conflict(kind: &'static str, detail: impl Into<String>) -> Self {
        let title = "It does not stand where the request needs it";
        Self { status: StatusCode::CONFLICT, kind, title, detail: detail.into() }
    }

    pub(super) fn unauthorized(detail: impl Into<String>) -> Self {
        let title = "A token is needed";
        Self {
            status: StatusCode::UNAUTHORIZED,
            kind: "unauthorized",
            title,
            detail: detail.into(),
        }
    }

    pub(super) fn forbidden() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            kind: "forbidden",
            title: "This token may only look",
            detail:
                "its role in mapwright.toml is `read`; acting needs a token with role `operate`"
                    .into(),
        }
    }

    pub(super) fn response(&self) -> Response<Body> {
        let body = json!({
            "type": format!("urn:mapwright:problem:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = Response::builder()
            .status(self.status)
            .header(header::CONTENT_TYPE, "application/problem+json");
        if self.status == StatusCode::UNAUTHORIZED {
            response = response.header(header::WWW_AUTHENTICATE, "Bearer realm=\"mapwright\"");
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
