// Wraps text for a terminal: between words, and between Chinese characters, which take two columns each.

/** Ideographs, and the punctuation that is written with them. */
const WIDE = /[\p{Script=Han}\u3000-\u303f\uff00-\uff60]/u;
const PIECES =
	/[\p{Script=Han}\u3000-\u303f\uff00-\uff60]|[^\s\p{Script=Han}\u3000-\u303f\uff00-\uff60]+|\s+/gu;
/** Never at the beginning of a line. */
const CLOSING = /^[，。、；：？！）」』》]/u;

/** Lines of at most `columns` columns; a longer word stays whole. */
export function wrapToColumns(
	text: string,
	columns: number,
): readonly string[] {
	const lines: string[] = [];
	let line = "";
	let width = 0;
	for (const piece of text.match(PIECES) ?? []) {
		const pieceWidth = widthOf(piece);
		const isSpace = piece.trim() === "";
		const fits = width + pieceWidth <= columns || CLOSING.test(piece);
		if (width > 0 && !isSpace && !fits) {
			lines.push(line.trimEnd());
			line = "";
			width = 0;
		}
		if (isSpace && width === 0) continue;
		line += isSpace ? " " : piece;
		width += isSpace ? 1 : pieceWidth;
	}
	if (line.trimEnd() !== "") lines.push(line.trimEnd());
	return lines;
}

function widthOf(text: string): number {
	let width = 0;
	for (const character of text) width += WIDE.test(character) ? 2 : 1;
	return width;
}
