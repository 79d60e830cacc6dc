// Reads V8's --trace-gc output: how much was allocated between the first collection and the last.

const LINE =
	/^\[\d+:(0x[0-9a-f]+)[^\]]*\]\s+\d+ ms: .*?(\d+(?:\.\d+)?) \(\d+(?:\.\d+)?\) -> (\d+(?:\.\d+)?) \(/gm;
const MEBIBYTE = 1_048_576;

/**
 * Bytes allocated on the JavaScript heaps of all isolates of a process, as far as collections saw them: what a
 * collection finds above what the one before left. The resolution is 0.1 MiB per collection.
 */
export function allocatedBytes(trace: string): number {
	const left = new Map<string, number>();
	let allocated = 0;
	for (const [, isolate, before, after] of trace.matchAll(LINE)) {
		if (isolate === undefined) continue;
		const earlier = left.get(isolate);
		if (earlier !== undefined) allocated += Number(before) - earlier;
		left.set(isolate, Number(after));
	}
	return allocated * MEBIBYTE;
}
