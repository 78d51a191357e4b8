//! The example `csv_totals`, on files of two sizes: the totals, and the memory that it takes.
#[path = "../examples/csv_totals.rs"]
mod example;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::{Compression, write::GzEncoder};

/// Counts what is allocated now, and the most that was.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A file that is removed at the end of the test.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn write_csv(rows: u32) -> Temporary {
    let name = format!("tidegate-totals-{}-{rows}.csv.gz", std::process::id());
    let path = Temporary(std::env::temp_dir().join(name));
    let mut gzip = GzEncoder::new(File::create(&path.0).unwrap(), Compression::fast());
    gzip.write_all(b"name,note,size\n").unwrap();
    for row in 0..rows {
        writeln!(gzip, "row {row},\"a note, of {row}\",{}", row % 10).unwrap();
    }
    gzip.finish().unwrap();
    path
}

/// The most that was allocated at once during a run, in bytes.
fn memory_of(rows: u32) -> usize {
    let path = write_csv(rows);
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let run = example::totals(File::open(&path.0).unwrap(), "size");
    let totals = futures_executor::block_on(run).unwrap();
    assert_eq!(totals, (u64::from(rows), f64::from(rows / 10 * 45)));
    MOST.load(Ordering::Relaxed) - before
}

#[test]
fn a_large_file_is_summed_with_the_memory_of_a_small_one() {
    let small = memory_of(20_000);
    let large = memory_of(400_000);
    assert!(large < 1 << 20, "{large} bytes");
    assert!(large < small + small / 4, "{small} and {large} bytes");
}
