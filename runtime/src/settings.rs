//! Settings for one transaction.

use std::fmt::Display;

use crate::error::BoxError;

/// One setting, and the value that it has during a transaction.
///
/// ```
/// use commit_on_success::Settings;
///
/// let settings = Settings::new().set("app.tenant", 7);
/// let [tenant] = settings.variables() else { panic!("there is one") };
/// assert_eq!((tenant.name(), tenant.value()), ("app.tenant", "7"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    name: &'static str,
    value: String,
}

impl Setting {
    /// The name, as the attribute spells it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value, as [`Display`] writes it.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// The settings of one transaction: what `set(…)` and `pragma(…)` ask for.
///
/// ```
/// use commit_on_success::{BoxError, Settings, Unsupported};
///
/// /// The statements ahead of the `BEGIN` of an adapter whose database has variables, and no pragmas.
/// fn before_begin(settings: &Settings) -> Result<String, BoxError> {
///     if !settings.pragmas().is_empty() {
///         return Err(Unsupported::new("mine", "pragma").into());
///     }
///     let set = |setting: &commit_on_success::Setting| {
///         format!("SET LOCAL {} = '{}'; ", setting.name(), setting.value().replace('\'', "''"))
///     };
///     Ok(settings.variables().iter().map(set).collect())
/// }
///
/// let settings = Settings::new().set("lock_timeout", "1s");
/// assert_eq!(before_begin(&settings).ok().as_deref(), Some("SET LOCAL lock_timeout = '1s'; "));
/// assert!(before_begin(&Settings::new().pragma("foreign_keys", false)).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    variables: Vec<Setting>,
    pragmas: Vec<Setting>,
    changed: Vec<Setting>,
}

impl Settings {
    /// No setting at all.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            variables: Vec::new(),
            pragmas: Vec::new(),
            changed: Vec::new(),
        }
    }

    /// Adds a setting of `set(…)`.
    #[must_use]
    pub fn set(mut self, name: &'static str, value: impl Display) -> Self {
        let value = value.to_string();
        self.variables.push(Setting { name, value });
        self
    }

    /// Adds one of `pragma(…)`.
    #[must_use]
    pub fn pragma(mut self, name: &'static str, value: impl Display) -> Self {
        let value = value.to_string();
        self.pragmas.push(Setting { name, value });
        self
    }

    /// The settings of `set(…)`.
    #[must_use]
    pub fn variables(&self) -> &[Setting] {
        &self.variables
    }

    /// The settings of `pragma(…)`.
    #[must_use]
    pub fn pragmas(&self) -> &[Setting] {
        &self.pragmas
    }

    /// The option that these settings come from, as the attribute spells it.
    #[must_use]
    pub fn option(&self) -> &'static str {
        if self.pragmas.is_empty() {
            "set"
        } else {
            "pragma"
        }
    }

    /// Remembers the value that a setting of the connection had, before it is changed.
    pub fn remember(&mut self, name: &'static str, value: impl Display) {
        let value = value.to_string();
        self.changed.push(Setting { name, value });
    }

    /// The settings that have yet to get their old values back.
    #[must_use]
    pub fn changed(&self) -> &[Setting] {
        &self.changed
    }

    /// Notes that the connection is as it was.
    pub fn forget_changed(&mut self) {
        self.changed.clear();
    }

    /// No database has a text with a NUL byte in a setting, and some would end the statement there.
    pub(crate) fn check(&self) -> Result<(), BoxError> {
        let mut all = self.variables.iter().chain(&self.pragmas);
        match all.find(|setting| setting.value.contains('\0')) {
            Some(setting) => Err(NulInValue(setting.name).into()),
            None => Ok(()),
        }
    }
}

/// A value cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("the value of `{0}` has a NUL byte in it")]
struct NulInValue(&'static str);
