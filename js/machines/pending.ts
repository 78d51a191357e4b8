/** Returned by a pull or write algorithm of ours that reports its end to the core itself. */
export const PENDING: unique symbol = Symbol('pending');
