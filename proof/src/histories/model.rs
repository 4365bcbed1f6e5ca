//! The sequential model: an authority that does one thing at a time and never fails. What it says of a token is what
//! README promises; nothing of how the server does it is in here.

use std::collections::{BTreeMap, BTreeSet};

use todc_utils::Specification;

/// A token by the order in which clients heard of it. Two texts for one and the same token are one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Token {
    Access(u16),
    Refresh(u16),
}

/// Whose a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    Opaque,
    Jwt,
    /// Its replay window is zero: whoever presents a spent refresh token is a thief.
    Strict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Issue(Owner),
    Refresh(Token),
    Revoke(Token),
    Introspect(Token),
    /// An operator ends all that one client was given, or everything.
    End(Option<Owner>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Given(Pair),
    /// 400 `invalid_grant`.
    Refused,
    Done,
    Active(bool),
    /// 503, or none: it happened at any time after it was asked for, or never.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    pub access: Token,
    pub refresh: Token,
}

/// The families that are alive, by their first refresh token. What is absent is dead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Families(BTreeMap<Token, Family>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Family {
    owner: Owner,
    /// What the last refresh gave, or the grant; `None` if the answer was lost: nobody knows how they are called.
    last: Option<Pair>,
    /// The refresh token that was spent for it.
    spent: Option<Token>,
    /// Refresh tokens spent before.
    older: BTreeSet<Token>,
    /// Access tokens that are alive.
    access: BTreeSet<Token>,
}

/// What the checker calls a specification.
pub struct Promise;

impl Specification for Promise {
    type State = Families;
    type Operation = (Call, Answer);

    fn init() -> Families {
        Families::default()
    }

    fn apply((call, answer): &(Call, Answer), before: &Families) -> (bool, Families) {
        let mut after = before.clone();
        let may_be = after.does(*call, *answer);
        (may_be, after)
    }
}

impl Families {
    /// Does it, and says whether this can have been the answer.
    fn does(&mut self, call: Call, answer: Answer) -> bool {
        match call {
            Call::Issue(owner) => return self.issue(owner, answer),
            Call::Refresh(token) => return self.refresh(token, answer),
            Call::Introspect(token) => return answer.may_be(Answer::Active(self.is_alive(token))),
            Call::Revoke(access @ Token::Access(_)) => {
                for family in self.0.values_mut() {
                    family.access.remove(&access);
                }
            }
            Call::Revoke(refresh @ Token::Refresh(_)) => self.0.retain(|_, family| !family.has(refresh)),
            Call::End(whose) => self.0.retain(|_, family| whose.is_some_and(|owner| owner != family.owner)),
        }
        answer.may_be(Answer::Done)
    }

    fn issue(&mut self, owner: Owner, answer: Answer) -> bool {
        // What nobody was told of is as good as never issued.
        let Answer::Given(pair) = answer else { return answer == Answer::Unknown };
        let access = BTreeSet::from([pair.access]);
        let family = Family { owner, last: Some(pair), spent: None, older: BTreeSet::new(), access };
        self.0.insert(pair.refresh, family).is_none()
    }

    fn refresh(&mut self, token: Token, answer: Answer) -> bool {
        let found = self.0.iter_mut().find(|(_, family)| family.has(token));
        let Some((&first, family)) = found else { return answer.may_be(Answer::Refused) };
        if family.is_next(token) {
            return family.rotate(token, answer);
        }
        if family.spent == Some(token) && family.owner != Owner::Strict {
            return family.replay(answer);
        }
        // A thief, or a victim: it takes all of it.
        self.0.remove(&first);
        answer.may_be(Answer::Refused)
    }

    fn is_alive(&self, token: Token) -> bool {
        self.0.values().any(|family| family.is_next(token) || family.access.contains(&token))
    }
}

impl Family {
    fn is_next(&self, token: Token) -> bool {
        self.last.is_some_and(|last| last.refresh == token)
    }

    fn has(&self, token: Token) -> bool {
        self.is_next(token) || self.spent == Some(token) || self.older.contains(&token)
    }

    fn rotate(&mut self, token: Token, answer: Answer) -> bool {
        self.older.extend(self.spent.replace(token));
        self.last = None;
        match answer {
            Answer::Given(new) => self.tell(new),
            _ => answer == Answer::Unknown,
        }
    }

    /// The same answer once more, while what it gave is alive.
    fn replay(&mut self, answer: Answer) -> bool {
        match (self.last, answer) {
            (_, Answer::Unknown) => true,
            (None, Answer::Given(new)) => self.tell(new),
            (Some(last), Answer::Given(same)) => last == same && self.access.contains(&last.access),
            (Some(last), Answer::Refused) => !self.access.contains(&last.access),
            _ => false,
        }
    }

    /// Nothing is given under a name that something else has.
    fn tell(&mut self, new: Pair) -> bool {
        let is_new = !self.has(new.refresh) && self.access.insert(new.access);
        self.last = Some(new);
        is_new
    }
}

impl Answer {
    fn may_be(self, right: Self) -> bool {
        self == right || self == Self::Unknown
    }
}
