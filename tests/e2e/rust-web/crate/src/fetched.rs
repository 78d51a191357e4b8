//! Responses of the test's own server.
use futures_util::{StreamExt, TryStreamExt};
use tidegate::web::{FetchError, fetch, fetch_request};
use wasm_bindgen::prelude::*;

use crate::harness::*;

#[wasm_bindgen]
pub async fn test_fetch_streams_a_body() -> Outcome {
    let mut body = fetch(&address("/bytes"));
    let mut all = Vec::new();
    while let Some(bytes) = body.try_next().await? {
        all.extend_from_slice(&bytes);
    }
    assert_eq!(all, pattern(0, 300_000));
    assert!(body.next().await.is_none());
    let request = web_sys::Request::new_with_str(&address("/bytes"))?;
    let sizes: Vec<usize> = fetch_request(&request)
        .map_ok(|bytes| bytes.len())
        .try_collect()
        .await?;
    assert_eq!(sizes.iter().sum::<usize>(), 300_000);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_fetch_fails_with_the_status() -> Outcome {
    let failure = fetch(&address("/missing")).try_next().await.unwrap_err();
    let FetchError::Status { status, url, .. } = failure else {
        panic!("{failure}");
    };
    assert_eq!(status, 404);
    assert!(url.ends_with("/missing"));
    Ok(())
}

#[wasm_bindgen]
pub async fn test_fetch_fails_when_there_is_no_server_and_when_the_body_breaks_off() -> Outcome {
    let nowhere = fetch("http://127.0.0.1:9/").try_next().await;
    assert!(matches!(nowhere, Err(FetchError::Failed(_))), "{nowhere:?}");
    let broken = fetch(&address("/broken"))
        .try_for_each(|_| async { Ok(()) })
        .await;
    assert!(matches!(broken, Err(FetchError::Failed(_))), "{broken:?}");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_dropping_a_fetch_aborts_the_request() -> Outcome {
    let mut body = fetch(&address("/endless?of=body"));
    assert!(!body.try_next().await?.unwrap().is_empty());
    drop(body);
    assert_eq!(text(text_of(&address("/closed?of=body"))).await?, "closed");
    let mut response = fetch(&address("/silent?of=response"));
    assert!(once(&mut response.next()).await.is_pending());
    assert_eq!(
        text(text_of(&address("/opened?of=response"))).await?,
        "opened"
    );
    drop(response);
    assert_eq!(
        text(text_of(&address("/closed?of=response"))).await?,
        "closed"
    );
    assert_eq!(text(unhandled()).await?, "");
    Ok(())
}
