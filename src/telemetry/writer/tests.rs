use std::sync::{Arc, Mutex};

use super::*;

/// Keeps what is written, each call for itself, while nobody holds the pen.
#[derive(Clone, Default)]
struct Paper {
    calls: Arc<Mutex<Vec<String>>>,
    pen: Arc<Mutex<()>>,
}

impl Paper {
    fn lines(&self) -> Vec<String> {
        self.calls.lock().unwrap().concat().lines().map(str::to_owned).collect()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        drop(self.pen.lock().unwrap());
        self.calls.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Paper {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn log<M: for<'a> MakeWriter<'a>>(queue: &Queue<M>, line: &str) {
    queue.make_writer().write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[test]
fn every_line_is_written_whole_and_in_its_order_before_the_end() {
    const EACH: usize = 5000;
    let paper = Paper::default();
    let (queue, writing) = begin(paper.clone()).unwrap();
    thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let queue = &queue;
            scope.spawn(move || (0..EACH).for_each(|number| log(queue, &format!("{name} {number}"))));
        }
    });
    drop(writing);
    let lines = paper.lines();
    assert_eq!(lines.len(), 4 * EACH);
    for name in ["a", "b", "c", "d"] {
        let of_one = lines.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        assert!(of_one.eq((0..EACH).map(|number| number.to_string()).collect::<Vec<_>>().iter()), "{name}");
    }
    let calls = paper.calls.lock().unwrap().len();
    assert!(calls < 4 * EACH / 10, "{calls} calls");
}

#[test]
fn whoever_logs_faster_than_can_be_written_waits_and_loses_nothing() {
    let paper = Paper::default();
    let (queue, writing) = begin(paper.clone()).unwrap();
    let pen = paper.pen.lock().unwrap();
    // Far more than there is room for.
    let most = WAITING + BATCH / "0\n".len();
    let logging = thread::spawn(move || (0..2 * most).for_each(|_| log(&queue, "0")));
    drop(pen);
    logging.join().unwrap();
    drop(writing);
    assert_eq!(paper.lines().len(), 2 * most);
}

#[test]
fn what_comes_after_the_end_is_written_at_once() {
    let paper = Paper::default();
    let (queue, writing) = begin(paper.clone()).unwrap();
    log(&queue, "before");
    drop(writing);
    log(&queue, "after");
    assert_eq!(paper.lines(), ["before", "after"]);
}

/// Standard error output may be a pipe that nobody reads any more.
#[test]
fn a_log_that_cannot_be_written_stops_nobody() {
    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let (queue, writing) = begin(|| Broken).unwrap();
    (0..2 * WAITING).for_each(|_| log(&queue, "line"));
    drop(writing);
    log(&queue, "after");
}
