//! What goes wrong between us and Tryton, and what each of it means for the document.

use std::time::Duration;

use super::super::gate::NotNow;
use super::super::{Health, Missing, Verdict};
use super::REFUSED_WAIT;

/// Why a call, or a whole attempt, did not succeed.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// The gate lets no more calls out for now. What was done so far is found by the next attempt.
    NotNow(NotNow),
    /// Later, perhaps.
    Retry { reason: String, after: Option<Duration>, status: Option<u16>, health: Health },
    /// A call that writes got no answer.
    Unknown { reason: String },
    /// Never, as it stands.
    Rejected { code: &'static str, reason: String },
    /// The server asks whether that is really wanted, and no rule says so.
    Warning { name: String, message: String },
    /// Something is missing that may come.
    NotReady { reason: String, missing: Vec<Missing> },
    /// The session is no longer good.
    Session,
}

impl Fault {
    pub(super) fn rejected(code: &'static str, reason: impl Into<String>) -> Self {
        Self::Rejected { code, reason: reason.into() }
    }

    /// Something in the configuration or the server that a person has to mend.
    pub(super) fn mend(reason: impl Into<String>, status: Option<u16>) -> Self {
        let after = Some(REFUSED_WAIT);
        Self::Retry { reason: reason.into(), after, status, health: Health::Refused }
    }

    /// A call that changed nothing, and had no answer.
    pub(super) fn of_target(method: &str, reason: &str, health: Health) -> Self {
        let reason = format!("{method}: {reason}");
        Self::Retry { reason, after: None, status: None, health }
    }

    pub(super) fn judge(self) -> (Verdict, Option<u16>, Health) {
        match self {
            Self::NotNow(not_now) => (Verdict::not_now(not_now), None, Health::Silent),
            Self::Retry { reason, after, status, health } => {
                (Verdict::Retry { reason, after }, status, health)
            }
            // Safe, because every attempt looks before it writes, once that has settled.
            Self::Unknown { reason } => {
                (Verdict::Unknown { reason, resend: true, after: None }, None, Health::Doubtful)
            }
            Self::Rejected { code, reason } => {
                (Verdict::rejected(code, reason), Some(200), Health::Well)
            }
            Self::Warning { name, message } => {
                // The part before the dot is a digest of the records; the part after it is the rule.
                let rule =
                    name.rsplit_once('.').map_or(name.clone(), |(_, rule)| format!("*.{rule}"));
                let reason = format!(
                    "Tryton warns: {message} (to accept such warnings: accept_warnings = [{rule:?}])"
                );
                (Verdict::rejected("warning", reason), Some(200), Health::Well)
            }
            Self::NotReady { reason, missing } => {
                (Verdict::NotReady { reason, missing }, Some(200), Health::Well)
            }
            Self::Session => {
                let reason = "Tryton refuses the session it has just given";
                (Verdict::retry(reason), Some(401), Health::Refused)
            }
        }
    }

    /// Reads the `error` member of an answer: `[class, [message, description, ..]]`, or
    /// `[text, trace]` for whatever else the server ran into.
    pub(super) fn of_error(error: &serde_json::Value) -> Self {
        let class = error.get(0).and_then(|class| class.as_str()).unwrap_or_default();
        let part = |index: usize| {
            let text = error.get(1).and_then(|parts| parts.get(index));
            text.and_then(|text| text.as_str()).unwrap_or_default()
        };
        match class {
            "UserWarning" => {
                Self::Warning { name: part(0).to_owned(), message: part(1).to_owned() }
            }
            "UserError" => Self::rejected("user_error", join(part(0), part(1))),
            "ConcurrencyException" => Self::Retry {
                reason: "somebody else is changing the same record".to_owned(),
                after: None,
                status: Some(200),
                health: Health::Well,
            },
            "LoginException" => {
                let what = part(1);
                Self::mend(format!("Tryton wants another credential: {what}"), Some(200))
            }
            // Seen when a call reached the server before it had loaded the database.
            "'res.user'" => Self::mend(
                "the server's database pool is broken: start trytond with -d DATABASE",
                Some(200),
            ),
            text if is_passing(text) => Self::Retry {
                reason: format!("the database is busy: {text}"),
                after: None,
                status: Some(200),
                health: Health::Doubtful,
            },
            text => Self::rejected("server_error", format!("Tryton ran into: {text}")),
        }
    }
}

fn join(message: &str, description: &str) -> String {
    if description.is_empty() { message.to_owned() } else { format!("{message} {description}") }
}

/// Errors of the database below Tryton that another try may not meet again.
fn is_passing(text: &str) -> bool {
    [
        "locked",
        "deadlock",
        "could not serialize",
        "timeout",
        "too many connections",
        "server closed",
    ]
    .iter()
    .any(|sign| text.to_ascii_lowercase().contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors as a real server sent them (`tests/fixtures/tryton`), and two of SQLite and PostgreSQL.
    #[test]
    fn errors_of_the_server_are_told_apart() {
        let cases = [
            (
                r#"["UserError",["To delete sale \"1 [WC-25]\" you must cancel it.","",null]]"#,
                "user_error",
            ),
            (r#"["'nope'",""]"#, "server_error"),
            (
                r#"["UserWarning",["9601.invoice_taxes","The invoice does not have taxes.",""]]"#,
                "warning",
            ),
            (r#"["LoginException",["password","Password for integracao","password"]]"#, "retry"),
            (r#"["ConcurrencyException","Records have been modified"]"#, "retry"),
            (r#"["database is locked","Traceback"]"#, "retry"),
            (r#"["could not serialize access due to concurrent update","Traceback"]"#, "retry"),
            (r#"["'res.user'",""]"#, "retry"),
            ("null", "server_error"),
        ];
        for (text, expected) in cases {
            let error = serde_json::from_str(text).unwrap();
            match Fault::of_error(&error).judge().0 {
                Verdict::Rejected { code, .. } => assert_eq!(code, expected, "{text}"),
                Verdict::Retry { .. } => assert_eq!("retry", expected, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
