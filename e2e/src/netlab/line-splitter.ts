// Whole lines out of output that comes in pieces.

/** @returns a function for the pieces; `onLine` gets each line once it is whole, without its newline. */
export function createLineSplitter(
	onLine: (line: string) => void,
): (text: string) => void {
	let rest = "";
	return (text) => {
		const lines = (rest + text).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) onLine(line);
	};
}
