//! A page whose table is filled by Rust while a CSV.gz downloads: `wasm-pack build --target web examples/rust-page`, then serve
//! the folder. tests/e2e/rust-page.test.mjs runs it.
//!
//! The memory is the same for every size of the file: the download waits while rows are parsed.
use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use tidegate::codec::{CsvOptions, GunzipOptions, decode};
use tidegate::web::fetch;
use wasm_bindgen::prelude::*;
use web_sys::Element;

/// Adds up the second column of `url` for each name in the first, into rows of `table`.
#[wasm_bindgen]
pub async fn totals(url: String, table: Element) -> Result<(), JsError> {
    let mut rows = decode(fetch(&url))
        .gunzip(GunzipOptions::default())
        .csv(CsvOptions::default())
        .records();
    let mut totals = BTreeMap::<String, f64>::new();
    let mut header = true;
    while let Some(batch) = rows.try_next().await? {
        for row in batch.iter().skip(usize::from(header)) {
            let count = row[1].parse::<f64>()?;
            match totals.get_mut(&row[0]) {
                Some(total) => *total += count,
                None => drop(totals.insert(row[0].to_owned(), count)),
            }
        }
        header = false;
        show(&table, &totals).map_err(|_| JsError::new("the table cannot be changed"))?;
    }
    Ok(())
}

fn show(table: &Element, totals: &BTreeMap<String, f64>) -> Result<(), JsValue> {
    let document = table.owner_document().unwrap_throw();
    table.set_inner_html("");
    for (name, total) in totals {
        let row = document.create_element("tr")?;
        for text in [name, &total.to_string()] {
            let cell = document.create_element("td")?;
            cell.set_text_content(Some(text));
            row.append_child(&cell)?;
        }
        table.append_child(&row)?;
    }
    Ok(())
}
