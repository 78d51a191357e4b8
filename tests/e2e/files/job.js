/** A classic script: fetch, gunzip and csv with whatever `tidegate` it is given. */
globalThis.sum = ({ pipeline, gunzip, csv }) =>
  pipeline(fetch('/table.csv.gz'), gunzip(), csv({ header: true }), async (rows) => {
    let total = 0;
    for await (const row of rows) total += Number(row.n);
    return total;
  });
