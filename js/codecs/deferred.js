/** A promise with its functions, whose rejection is no unhandled one when nobody looks. */
export function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  });
  made.promise.catch(() => {});
  return made;
}
