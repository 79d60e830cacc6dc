// The mark at the start of every datagram of a run, so that the sink can verify what it counts.

/** Words of the mark: run and kind, flow, sequence, size. Native byte order: both ends are on this machine. */
export const MARK_WORDS = 4;
export const MARK_BYTES = MARK_WORDS * 4;
/** Sizes are multiples of a word, so that marks can be read and written as words anywhere in an arena. */
export const SIZE_STEP_BYTES = 4;

export const KIND = { stream: 0, hello: 1, ping: 2 } as const;

const MAGIC = 0x5c0b_e000 | 0;
const RUN_MASK = 0x3ff;
const KIND_SHIFT = 10;

/** First word of a mark. @param run number of the run; those of neighbouring runs differ. */
export function markWord(run: number, kind: number): number {
	return MAGIC | (kind << KIND_SHIFT) | (run & RUN_MASK);
}
