//! Why a value was not sent, or none received.
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a channel ended other than by a close.
///
/// ```
/// # use tidegate::channel::{FailureKind, QueuingStrategy, channel};
/// # futures_executor::block_on(async {
/// let (sender, receiver) = channel::<u32>(QueuingStrategy::count(1));
/// drop(receiver);
/// let failure = sender.closed().await.unwrap_err();
/// match failure.kind() {
///     FailureKind::Cancelled => println!("nobody listens any more"),
///     kind => unreachable!("{kind:?}"),
/// }
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// [`Sender::fail`](super::Sender::fail) was called.
    Failed,
    /// The receiver was cancelled or dropped.
    Cancelled,
    /// A value found no room, and the strategy says [`Overflow::Fail`](super::Overflow::Fail).
    Overflow,
    /// A sender was dropped by a panic.
    Panicked,
    /// A value that was sent through the `Sink` is larger than the channel's capacity. The channel goes on.
    TooLarge,
    /// A value was sent through the `Sink` after the channel was closed.
    Closed,
    /// A sender that was used as a `Sink` was dropped before the sink was closed.
    Aborted,
}

/// The error that a channel ended with. Its [`source`](Error::source) is the error that a caller gave, if one did.
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, channel};
/// # futures_executor::block_on(async {
/// let (sender, mut receiver) = channel::<u32>(QueuingStrategy::count(1));
/// sender.fail(std::io::Error::other("the disk is full"));
/// let failure = receiver.recv().await.unwrap_err();
/// let source = std::error::Error::source(&failure).unwrap();
/// assert!(source.downcast_ref::<std::io::Error>().is_some());
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Failure {
    kind: FailureKind,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind) -> Self {
        Self { kind, source: None }
    }

    pub(crate) fn with(kind: FailureKind, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Some(Arc::from(error.into())),
        }
    }

    /// What happened.
    ///
    /// ```
    /// # use tidegate::channel::{FailureKind, QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel::<u32>(QueuingStrategy::count(1));
    /// sender.fail("the disk is full");
    /// assert_eq!(receiver.recv().await.unwrap_err().kind(), FailureKind::Failed);
    /// # });
    /// ```
    pub fn kind(&self) -> FailureKind {
        self.kind
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FailureKind::Failed => "the sender failed the channel",
            FailureKind::Cancelled => "the receiver was cancelled or dropped",
            FailureKind::Overflow => {
                "a value found no room in the channel: raise its capacity, or wait for send()"
            }
            FailureKind::TooLarge => TOO_LARGE,
            FailureKind::Closed => "the channel is closed and takes no value any more",
            FailureKind::Panicked => "a panic dropped a sender of the channel",
            FailureKind::Aborted => "a sink of the channel was dropped before it was closed",
        };
        match &self.source {
            Some(source) => write!(formatter, "{what}: {source}"),
            None => formatter.write_str(what),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// [`Sender::send`](super::Sender::send) did not send. The value comes back.
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, SendError, channel};
/// # futures_executor::block_on(async {
/// let (sender, _receiver) = channel(QueuingStrategy::bytes(4));
/// assert_eq!(sender.send("hello").await, Err(SendError::TooLarge("hello")));
/// sender.close();
/// assert_eq!(sender.send("hi").await, Err(SendError::Closed("hi")));
/// # });
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError<T> {
    /// The value is larger than the capacity, so that there is never room.
    TooLarge(T),
    /// The channel is closed, was cancelled, or has failed.
    Closed(T),
}

/// [`Sender::try_send`](super::Sender::try_send) did not send. The value comes back.
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, TrySendError, channel};
/// let (sender, _receiver) = channel(QueuingStrategy::bytes(4));
/// sender.try_send("abc").unwrap();
/// assert_eq!(sender.try_send("de"), Err(TrySendError::Full("de")));
/// assert_eq!(sender.try_send("hello"), Err(TrySendError::TooLarge("hello")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrySendError<T> {
    /// There is no room now, or other senders wait for it.
    Full(T),
    /// The value is larger than the capacity, so that there is never room.
    TooLarge(T),
    /// The channel is closed, was cancelled, or has failed.
    Closed(T),
}

const FULL: &str = "the channel has no room now: use send(), which waits";
const TOO_LARGE: &str =
    "the value is larger than the channel's capacity: raise the capacity, or split the value";
const CLOSED: &str = "the channel is closed, was cancelled, or has failed";

impl<T> SendError<T> {
    /// The value that was not sent.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, receiver) = channel(QueuingStrategy::count(1));
    /// drop(receiver);
    /// let error = sender.send("again").await.unwrap_err();
    /// assert_eq!(error.into_inner(), "again");
    /// # });
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            Self::TooLarge(value) | Self::Closed(value) => value,
        }
    }

    fn what(&self) -> (&'static str, &'static str) {
        match self {
            Self::TooLarge(_) => ("TooLarge", TOO_LARGE),
            Self::Closed(_) => ("Closed", CLOSED),
        }
    }
}

impl<T> TrySendError<T> {
    /// The value that was not sent.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// let (sender, _receiver) = channel(QueuingStrategy::count(1));
    /// sender.try_send("first").unwrap();
    /// let error = sender.try_send("second").unwrap_err();
    /// assert_eq!(error.into_inner(), "second");
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(value) | Self::TooLarge(value) | Self::Closed(value) => value,
        }
    }

    fn what(&self) -> (&'static str, &'static str) {
        match self {
            Self::Full(_) => ("Full", FULL),
            Self::TooLarge(_) => ("TooLarge", TOO_LARGE),
            Self::Closed(_) => ("Closed", CLOSED),
        }
    }
}

impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(error: SendError<T>) -> Self {
        match error {
            SendError::TooLarge(value) => Self::TooLarge(value),
            SendError::Closed(value) => Self::Closed(value),
        }
    }
}

/// [`Receiver::try_recv`](super::Receiver::try_recv) received nothing.
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, TryRecvError, channel};
/// let (sender, mut receiver) = channel::<u32>(QueuingStrategy::count(1));
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// sender.close();
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TryRecvError {
    /// There is no value now.
    Empty,
    /// The channel is closed, and every value was received.
    Closed,
    /// The channel failed.
    Failed(Failure),
}

impl PartialEq for TryRecvError {
    /// Failures are equal where their kinds are.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Empty, Self::Empty) | (Self::Closed, Self::Closed) => true,
            (Self::Failed(one), Self::Failed(two)) => one.kind == two.kind,
            _ => false,
        }
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                formatter.write_str("the channel has no value now: use recv(), which waits")
            }
            Self::Closed => {
                formatter.write_str("the channel is closed, and every value was received")
            }
            Self::Failed(failure) => failure.fmt(formatter),
        }
    }
}

impl Error for TryRecvError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(failure) => failure.source(),
            _ => None,
        }
    }
}

/// The value need not be `Debug`, and is not shown.
macro_rules! with_value {
    ($name:ident) => {
        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}(..)", self.what().0)
            }
        }

        impl<T> fmt::Display for $name<T> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.what().1)
            }
        }

        impl<T> Error for $name<T> {}
    };
}

with_value!(SendError);
with_value!(TrySendError);
