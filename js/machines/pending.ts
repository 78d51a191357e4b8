/** The result of one of our own pull or write algorithms that reports its completion to the core itself. */
export const PENDING: unique symbol = Symbol('pending');
