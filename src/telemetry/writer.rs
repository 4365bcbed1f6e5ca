//! Lines are written by a thread of their own, many with one call: no request waits for the disk, nor for the line of
//! another one.
//!
//! What waits is lost only with the process: it is written when [`Writing`] is dropped. Whoever logs faster than can be
//! written is held up until there is room.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// The most lines that wait.
const WAITING: usize = 8192;

/// How long the first line after a silence waits for others: to wake the thread for each would cost more than the line.
const LINGER: Duration = Duration::from_millis(5);

/// About as many bytes as are written at once.
const BATCH: usize = 256 * 1024;

enum Message {
    Line(Vec<u8>),
    End,
}

/// Begins to write to `writer`.
pub(super) fn begin<M>(writer: M) -> io::Result<(Queue<M>, Writing)>
where
    M: for<'a> MakeWriter<'a> + Clone + Send + 'static,
{
    let (messages, received) = sync_channel(WAITING);
    let queue = Queue { messages: messages.clone(), writer: writer.clone() };
    let thread = thread::Builder::new().name("log".to_owned()).spawn(move || run(&received, &writer))?;
    Ok((queue, Writing { messages, thread: Some(thread) }))
}

fn run<M: for<'a> MakeWriter<'a>>(received: &Receiver<Message>, writer: &M) {
    let mut batch = Vec::with_capacity(BATCH);
    while let Ok(Message::Line(first)) = received.recv() {
        batch.extend_from_slice(&first);
        thread::park_timeout(LINGER);
        for message in received.try_iter() {
            let Message::Line(line) = message else { return write(writer, &batch) };
            batch.extend_from_slice(&line);
            if batch.len() >= BATCH {
                write(writer, &batch);
                batch.clear();
            }
        }
        write(writer, &batch);
        batch.clear();
    }
}

/// A log that nobody can read any more is no reason to end: there is nobody left to tell it to either.
fn write<M: for<'a> MakeWriter<'a>>(writer: &M, lines: &[u8]) {
    let _ = writer.make_writer().write_all(lines);
}

/// Where lines are handed in, each whole.
#[derive(Clone, Debug)]
pub(super) struct Queue<M> {
    messages: SyncSender<Message>,
    /// For lines that come after the end.
    writer: M,
}

impl<'a, M: for<'b> MakeWriter<'b> + 'a> MakeWriter<'a> for Queue<M> {
    type Writer = Line<'a, M>;

    fn make_writer(&'a self) -> Line<'a, M> {
        Line(self)
    }
}

/// Takes one line in one piece.
#[derive(Debug)]
pub(super) struct Line<'a, M>(&'a Queue<M>);

impl<M: for<'b> MakeWriter<'b>> Write for Line<'_, M> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.messages.send(Message::Line(line.to_vec())).is_err() {
            write(&self.0.writer, line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The thread that writes. Dropped, it ends when everything is written that was handed in before.
#[derive(Debug)]
pub(super) struct Writing {
    messages: SyncSender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writing {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // Fails only when the thread has ended by itself, and then there is nothing to end.
        let _ = self.messages.send(Message::End);
        thread.thread().unpark();
        let _ = thread.join();
    }
}

#[cfg(test)]
mod tests;
