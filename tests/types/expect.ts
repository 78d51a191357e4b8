/** Whether two types are the same, for type tests: `type T = Expect<Equal<A, B>>` compiles only when they are. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export type Expect<T extends true> = T;

/** `is<A>()(value)` compiles only when the type of `value` is `A`, and returns it; also within a callback. */
export declare function is<A>(): <B>(value: B, ...wrong: Equal<A, B> extends true ? [] : [never]) => B;
