//! Who may ask the REST API: `api_tokens` in `mapwright.toml`.

use std::path::Path;

use serde::Deserialize;

use crate::journal::tokens;
use crate::secret::{self, Secret, SecretSource};

/// One token, by where it is kept: `{ env = "MAPWRIGHT_OPS", name = "ops", role = "operate" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiToken {
    /// Who has it; stands in the audit record.
    pub name: String,
    /// What it is good for.
    #[serde(default)]
    pub role: Role,
    /// The environment variable that holds it.
    #[serde(default)]
    env: Option<String>,
    /// The file that holds it.
    #[serde(default)]
    file: Option<std::path::PathBuf>,
}

/// What a token of the file is good for: of all merchants, because it is the operators' own. Tokens of
/// single merchants are made with `mapwright token create`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looking and acting.
    #[default]
    #[serde(alias = "operator")]
    Operate,
    /// Looking only.
    Read,
}

impl From<Role> for tokens::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Operate => Self::Operator,
            Role::Read => Self::Read,
        }
    }
}

impl ApiToken {
    /// Reads the token itself. `base` is the folder that relative files start from.
    ///
    /// # Errors
    /// One sentence for a person.
    pub fn resolve(&self, base: &Path) -> Result<Secret, String> {
        let source = match (&self.env, &self.file) {
            (Some(env), None) => SecretSource::Env(env.clone()),
            (None, Some(file)) => SecretSource::File(file.clone()),
            _ => {
                return Err(format!(
                    "api token `{}` needs either `env` or `file`: tokens are never written here",
                    self.name
                ));
            }
        };
        source.resolve(base).map_err(|error: secret::Error| error.to_string())
    }
}
