//! How a person is to be asked (`OpenID` Connect Core section 3.1.2.1).

use serde::{Deserialize, Serialize};

/// What `prompt` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompts {
    /// Not at all: what cannot be answered at once is refused.
    pub none: bool,
    /// The person proves again who it is.
    pub login: bool,
    /// The person is asked again, whatever it approved before; and there says who it is, if it has several accounts.
    pub approval: bool,
}

impl Prompts {
    /// `None` if it asks for something that there is not, or for nothing together with something.
    pub fn parse(text: &str) -> Option<Self> {
        let mut prompts = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let asked = match word {
                "none" => &mut prompts.none,
                "login" => &mut prompts.login,
                "consent" | "select_account" => &mut prompts.approval,
                _ => return None,
            };
            *asked = true;
        }
        let asks = prompts.login || prompts.approval;
        (!(prompts.none && asks)).then_some(prompts)
    }

    /// What of it is for whoever signs the person in.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        [(self.login, "login"), (self.approval, "consent")]
            .into_iter()
            .filter_map(|(asked, word)| asked.then_some(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_words_of_which_none_stands_alone() {
        assert_eq!(Prompts::parse(""), Some(Prompts::default()));
        let both = Prompts { login: true, approval: true, ..Prompts::default() };
        assert_eq!(Prompts::parse("consent login"), Some(both));
        assert_eq!(Prompts::parse("none"), Some(Prompts { none: true, ..Prompts::default() }));
        for text in ["none login", "create", "LOGIN", "login,consent"] {
            assert_eq!(Prompts::parse(text), None, "{text}");
        }
    }
}
