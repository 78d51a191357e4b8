/** The bits of src/core/effect.rs, by the same names; tests/effects.rs compares the two files. */
export const STALE = 1 << 31;
export const REFUSED = 1 << 30;
export const BAD_SIZE = 1 << 29;

export const R_CHUNK = 1 << 0;
export const R_PENDING = 1 << 1;
export const R_FULFILL = 1 << 2;
export const R_QUEUED = 1 << 3;
export const R_NEED_SIZE = 1 << 4;
export const R_CLOSE = 1 << 5;
export const R_ERROR = 1 << 6;
export const R_SETTLE_PULL = 1 << 7;
export const R_CALL_PULL = 1 << 8;
export const R_WAKE_WRITE = 1 << 9;

export const B_ALLOCATE = 1 << 9;
export const B_PARTIAL = 1 << 10;
export const B_ABANDONED = 1 << 11;
export const B_ANSWER = 1 << 12;
export const B_DROP_PULL_INTO = 1 << 13;
export const B_FILLED = 1 << 14;
export const B_REMAINDER = 1 << 15;
export const B_COPY = 1 << 16;
export const B_INSUFFICIENT = 1 << 17;
export const B_ANSWER_CLOSED = 1 << 18;
export const B_ZERO = 1 << 19;
export const B_NOT_ZERO = 1 << 20;
export const B_TOO_LONG = 1 << 21;
export const B_OTHER_OFFSET = 1 << 22;
export const B_OTHER_BUFFER = 1 << 23;

/** Bits of `byte_readable_next_copy`. */
export const COPY_ENTRY_DONE = 2;
export const COPY_FILLED = 4;

export const C_DROP_OLDEST = 1 << 16;
export const C_FULL = 1 << 17;
export const C_BLOCK = 1 << 18;
export const C_DROP_NEWEST = 1 << 19;
export const C_OVERFLOW = 1 << 20;
export const C_TOO_LARGE = 1 << 21;
export const C_ENDED = 1 << 22;
export const C_DRAIN = 1 << 23;
export const C_ENQUEUE = 1 << 24;

export const TEE_BRANCH_1 = 1 << 0;
export const TEE_BRANCH_2 = 1 << 1;
export const TEE_READ_FOR_1 = 1 << 2;
export const TEE_READ_FOR_2 = 1 << 3;
export const TEE_CANCEL_SOURCE = 1 << 4;

export const W_QUEUED = 1 << 0;
export const W_RESOLVE_WRITE = 1 << 1;
export const W_REJECT_WRITE = 1 << 2;
export const W_RESOLVE_CLOSE = 1 << 3;
export const W_REJECT_CLOSE = 1 << 4;
export const W_RESOLVE_ABORT = 1 << 5;
export const W_ABORT_ACCEPTED = 1 << 6;
export const W_ABORT_PENDING = 1 << 7;
export const W_CLEAR = 1 << 8;
export const W_START_ERRORING = 1 << 9;
export const W_BACKPRESSURE = 1 << 10;
export const W_READY = 1 << 11;
export const W_FINISH_ERRORING = 1 << 12;
export const W_REJECT_ABORT = 1 << 13;
export const W_REJECT_CLOSED = 1 << 14;
export const W_CALL_WRITE = 1 << 15;
export const W_CALL_CLOSE = 1 << 16;
export const W_CALL_ABORT = 1 << 17;
export const W_HOLD_WRITE = 1 << 18;

export const T_WAKE_WRITE = 1 << 1;

export const P_WAIT = 0;
export const P_MOVE = 1;
export const P_READ = 2;
export const P_ABORT_DESTINATION = 3;
export const P_CANCEL_SOURCE = 4;
export const P_CLOSE_DESTINATION = 5;
export const P_CANCEL_CLOSED = 6;
export const P_ABORT_BOTH = 7;
export const P_FINISH = 8;
export const P_DRAINING = 9;
export const P_BEGIN_DRAINING = 10;
export const P_TAKEN = 1 << 10;
export const P_BEGIN = 1 << 11;
export const P_HOLD = 1 << 12;
export const P_FULL = 1 << 13;
export const P_WRITTEN = 1 << 28;
export const P_SOURCE_SHIFT = 16;
export const P_ACTION_MASK = 0xf;
export const P_BY_SOURCE_ERROR = 1 << 4;
export const P_BY_DESTINATION_ERROR = 1 << 5;
export const P_BY_SOURCE_CLOSE = 1 << 6;
export const P_BY_DESTINATION_CLOSE = 1 << 7;
export const P_BY_SIGNAL = 1 << 8;

/** Flags of `readable_new`, `byte_readable_new` and `pipe_new`. */
export const HAS_SIZE = 1;
export const NO_PULL = 2;
export const AUTO_ALLOCATE = 4;
export const PREVENT_CLOSE = 1;
export const PREVENT_ABORT = 2;
export const PREVENT_CANCEL = 4;
export const BYTE_SOURCE = 8;
export const COUNTED = 16;

/** Reasons of `pipe_pause`. */
export const PAUSE_MEMORY = 1;
export const PAUSE_TURN = 2;

/** What `readable_figure` and its siblings are asked for: src/core/figure.rs says what each is. */
export const FIGURE_CHUNKS = 0;
export const FIGURE_SIZE = 1;
export const FIGURE_MARK = 2;
export const FIGURE_PEAK_CHUNKS = 3;
export const FIGURE_PEAK_SIZE = 4;
export const FIGURE_CHUNKS_IN = 5;
export const FIGURE_PENDING = 6;
export const FIGURE_STATE = 7;

/** Bits of `FIGURE_STATE`. */
export const STATE_STARTED = 1;
export const STATE_RUNNING = 2;
export const STATE_CLOSING = 4;
export const STATE_WANTS = 8;

declare const machine: unique symbol;

/** A word of effects, typed by the machine that returned it, so that it is not applied to another. */
type Effects<Machine extends string> = number & { readonly [machine]: { readonly [Name in Machine]: true } };

/** Bits `R_*`; also where a chunk that a pipe reads has been taken by its destination (`P_TAKEN`). */
export type ReadableEffects = Effects<'readable'>;
/** Bits `B_*` and `R_*`. */
export type ByteReadableEffects = Effects<'byteReadable' | 'readable'>;
/** Bits `W_*`. */
export type WritableEffects = Effects<'writable'>;
/** An action `P_*` under `P_ACTION_MASK`, flags, and the source's effects above `P_SOURCE_SHIFT`. */
export type PipeAnswer = Effects<'pipe'>;
/** Bits `TEE_*`. */
export type TeeEffects = Effects<'tee'>;
/** Bits `C_*`, and the stream's `R_*`. */
export type ChannelEffects = Effects<'channel' | 'readable'>;
