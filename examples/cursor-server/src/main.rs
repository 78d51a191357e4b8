//! A server that streams a PostgreSQL cursor to its clients as CSV: `cargo run -- "host=127.0.0.1 user=me dbname=mine" TABLE`.
//!
//! `GET /export` answers with the table; `GET /fetched` with how many rows the last export has fetched so far. A channel of a few
//! batches is between the database and the client: while a client does not read, hyper asks for no more of the body, the channel
//! is full, and no row is fetched. When a client leaves, hyper drops the body, so the channel takes nothing any more, and the
//! cursor is closed with its transaction. When the database fails, so does the channel, and the client sees a broken response, not
//! a short table.
use std::convert::Infallible;
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response, StatusCode, header, server, service};
use hyper_util::rt::TokioIo;
use tidegate::channel::{Failure, QueuingStrategy, Sender, channel};
use tokio::net::TcpListener;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// Rows that one fetch asks for.
const BATCH: usize = 100;
/// Bytes of CSV that wait for a client before no more rows are fetched.
const QUEUED: usize = 64 * 1024;

struct Table {
    database: String,
    name: String,
    /// Rows that the last export has fetched.
    fetched: AtomicU64,
}

/// One row as a line of CSV, without quotes: for numbers and plain words.
fn line(row: &tokio_postgres::SimpleQueryRow) -> String {
    let fields: Vec<_> = (0..row.len()).map(|at| row.get(at).unwrap_or("")).collect();
    fields.join(",") + "\n"
}

/// Sends the rows of a cursor until they end, or the client leaves. Says whether the client got all of them.
async fn export(
    table: &Table,
    sender: &Sender<Bytes>,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let (client, connection) = tokio_postgres::connect(&table.database, NoTls).await?;
    // It ends when `client` is dropped, and the cursor's transaction with it.
    tokio::task::spawn_local(connection);
    table.fetched.store(0, Ordering::Relaxed);
    let declare = format!(
        "begin; declare rows cursor for select * from {}",
        table.name
    );
    client.batch_execute(&declare).await?;
    // Rows are fetched once there is room for them, and no more once the client has left.
    while sender.ready().await.is_ok() {
        let answer = client
            .simple_query(&format!("fetch {BATCH} from rows"))
            .await?;
        let rows = answer.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(line(row)),
            _ => None,
        });
        let lines: Vec<_> = rows.collect();
        if lines.is_empty() {
            return Ok(true);
        }
        table
            .fetched
            .fetch_add(lines.len() as u64, Ordering::Relaxed);
        if sender.send(lines.concat().into()).await.is_err() {
            break;
        }
    }
    Ok(false)
}

fn respond(table: &Arc<Table>, path: &str) -> Response<BoxBody<Bytes, Failure>> {
    let response = Response::builder();
    let text = |text: String| {
        Full::from(text)
            .map_err(|never: Infallible| match never {})
            .boxed()
    };
    let response = match path {
        "/export" => {
            let (sender, receiver) = channel(QueuingStrategy::bytes(QUEUED));
            let table = table.clone();
            tokio::task::spawn_local(async move {
                let result = export(&table, &sender).await;
                let rows = table.fetched.load(Ordering::Relaxed);
                match result {
                    Ok(true) => println!("sent all of {rows} rows"),
                    Ok(false) => println!("the client left after {rows} rows"),
                    Err(error) => {
                        println!("failed after {rows} rows: {error}");
                        sender.fail(error);
                    }
                }
            });
            let body = StreamBody::new(receiver.map_ok(Frame::data));
            response
                .header(header::CONTENT_TYPE, "text/csv")
                .body(BodyExt::boxed(body))
        }
        "/fetched" => response.body(text(table.fetched.load(Ordering::Relaxed).to_string())),
        _ => response
            .status(StatusCode::NOT_FOUND)
            .body(text(String::new())),
    };
    response.expect("the status and the header are constants")
}

async fn serve(table: Table) -> Result<(), Box<dyn Error + Send + Sync>> {
    let table = Arc::new(table);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        let table = table.clone();
        tokio::task::spawn_local(async move {
            let answer = service::service_fn(move |request: Request<Incoming>| {
                let response = respond(&table, request.uri().path());
                async { Ok::<_, Infallible>(response) }
            });
            // Its error is that of a client that left.
            let _ = server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), answer)
                .await;
        });
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [database, name] = &arguments[..] else {
        return Err("usage: tidegate-cursor-server DATABASE TABLE".into());
    };
    let table = Table {
        database: database.clone(),
        name: name.clone(),
        fetched: AtomicU64::new(0),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    tokio::task::LocalSet::new().block_on(&runtime, serve(table))
}
