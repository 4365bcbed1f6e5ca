//! The load generator: a closed loop over kept-alive connections on one thread. Every answer is looked at, and the
//! first wrong one ends the run.
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::time::timeout;

use crate::clock::now;
use crate::connection::{Connection, Fault, text_of};
use crate::process::Pid;
use crate::request::Request;

/// How long a server may keep a whole run waiting beyond its planned time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// What to send: one request per token, taken from the front.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) request: Request,
    pub(crate) tokens: VecDeque<String>,
    pub(crate) after: After,
    /// What the body of every right answer holds.
    pub(crate) expected: &'static str,
}

/// What becomes of a token when its answer is there.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum After {
    /// It goes to the back of the queue.
    Again,
    /// It is used up.
    Once,
    /// The token in this field of the answer goes to the back of the queue.
    Replace(&'static str),
    /// It is used up, and the token in this field is kept for the caller.
    Collect(&'static str),
}

/// How long to go on, unless the tokens end first.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// Answered and checked, but not counted.
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

impl Span {
    /// Until the tokens end: for preparing, not for measuring.
    pub(crate) const UNTIL_EMPTY: Self = Self { warm_up: Duration::ZERO, measured: Duration::from_mins(5) };
}

/// One run, its warm-up left out.
pub(crate) struct Run {
    pub(crate) elapsed: Duration,
    /// Of every request, in microseconds, in no order.
    pub(crate) latencies: Vec<u32>,
    /// What the process under load used.
    pub(crate) cpu: Duration,
    pub(crate) collected: Vec<String>,
}

/// Sends `work` to `address` over so many connections, watching the processor time of `pid`.
pub(crate) async fn run(
    address: SocketAddr,
    pid: Pid,
    connections: usize,
    span: Span,
    work: Work,
) -> Result<Run, Fault> {
    let opened = try_join_all((0..connections).map(|_| Connection::open(address))).await?;
    let course = Course::new(span, pid, work)?;
    let limit = span.warm_up + span.measured + PATIENCE;
    let all = try_join_all(opened.into_iter().map(|connection| course.drive(connection)));
    timeout(limit, all).await.map_err(|_| Fault::Late(limit.as_secs()))??;
    course.finish()
}

/// What the connections of one run share.
struct Course {
    request: Request,
    after: After,
    expected: &'static str,
    pid: Pid,
    tokens: RefCell<VecDeque<String>>,
    collected: RefCell<Vec<String>>,
    latencies: RefCell<Vec<u32>>,
    /// Nothing that was asked before is counted.
    counted_from: Instant,
    /// The first answer after it ends the run.
    ends: Instant,
    /// When counting really began, and the processor time used until then.
    began: Cell<Option<(Instant, Duration)>>,
    ended: Cell<Instant>,
}

impl Course {
    fn new(span: Span, pid: Pid, work: Work) -> Result<Self, Fault> {
        let Work { request, tokens, after, expected } = work;
        let start = now();
        let counted_from = start + span.warm_up;
        let began = if span.warm_up.is_zero() { Some((start, pid.processor_time()?)) } else { None };
        Ok(Self {
            request,
            after,
            expected,
            pid,
            tokens: RefCell::new(tokens),
            collected: RefCell::default(),
            latencies: RefCell::new(Vec::with_capacity(1 << 17)),
            counted_from,
            ends: counted_from + span.measured,
            began: Cell::new(began),
            ended: Cell::new(start),
        })
    }

    async fn drive(&self, mut connection: Connection) -> Result<(), Fault> {
        let mut request = Vec::with_capacity(2048);
        let mut asked = now();
        while asked < self.ends {
            // Bound first: the queue must not stay borrowed while the answer is awaited.
            let next = self.tokens.borrow_mut().pop_front();
            let Some(token) = next else { break };
            self.request.render(&token, &mut request);
            let body = connection.expect(&request, self.expected).await?;
            self.dispose(token, body)?;
            let answered = now();
            self.count(asked, answered)?;
            asked = answered;
        }
        Ok(())
    }

    fn dispose(&self, token: String, body: &[u8]) -> Result<(), Fault> {
        match self.after {
            After::Again => self.tokens.borrow_mut().push_back(token),
            After::Once => {}
            After::Replace(field) => self.tokens.borrow_mut().push_back(text_of(body, field)?),
            After::Collect(field) => self.collected.borrow_mut().push(text_of(body, field)?),
        }
        Ok(())
    }

    fn count(&self, asked: Instant, answered: Instant) -> Result<(), Fault> {
        if answered < self.counted_from {
            return Ok(());
        }
        if self.began.get().is_none() {
            // The answer that opens the window is its edge, not part of it.
            self.began.set(Some((answered, self.pid.processor_time()?)));
            return Ok(());
        }
        let micros = (answered - asked).as_micros();
        self.latencies.borrow_mut().push(u32::try_from(micros).unwrap_or(u32::MAX));
        self.ended.set(answered);
        Ok(())
    }

    fn finish(self) -> Result<Run, Fault> {
        let (began, used_before) = self.began.get().ok_or(Fault::Idle)?;
        Ok(Run {
            elapsed: self.ended.get() - began,
            latencies: self.latencies.into_inner(),
            cpu: self.pid.processor_time()?.saturating_sub(used_before),
            collected: self.collected.into_inner(),
        })
    }
}

#[cfg(test)]
mod tests;
