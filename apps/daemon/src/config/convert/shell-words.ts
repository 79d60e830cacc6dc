// Splits a line into words as a shell or a unit file does: quotes, backslashes, nothing else is interpreted.

/** The words up to what is no argument any more: a comment, a redirection, the next command. */
export function shellWords(line: string): readonly string[] {
	const words: string[] = [];
	const pattern =
		/\s*(?:([#&|;<>])|((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\&|;<>])+))/gy;
	for (
		let match = pattern.exec(line);
		match !== null;
		match = pattern.exec(line)
	) {
		const [, end, raw] = match;
		if (end !== undefined || raw === undefined || raw.startsWith("#")) break;
		words.push(unquote(raw));
	}
	// 2>&1 leaves the number of the descriptor behind.
	const isDescriptor = /\d[<>]/.test(line) && /^\d$/.test(words.at(-1) ?? "");
	return isDescriptor ? words.slice(0, -1) : words;
}

function unquote(raw: string): string {
	return raw.replace(/"(?:\\.|[^"\\])*"|'[^']*'|\\./g, (quoted) => {
		const inner = quoted.slice(1, -1);
		if (quoted.startsWith("'")) return inner;
		return quoted.startsWith('"')
			? inner.replace(/\\(["\\$`])/g, "$1")
			: quoted.slice(1);
	});
}
