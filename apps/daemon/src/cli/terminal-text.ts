// Styled text as values, so that it is cut to the terminal's width before escape sequences get in the way.

const STYLES = {
	plain: "",
	strong: "1",
	faint: "2",
	good: "32",
	warning: "33",
	bad: "31",
	accent: "36",
} as const;

export type Style = keyof typeof STYLES;
export interface Span {
	readonly text: string;
	readonly style: Style;
}
export type TextLine = readonly Span[];

/** How a tunnel's health looks, wherever it is shown. */
export const HEALTH_STYLES = {
	good: "good",
	passing: "warning",
	bad: "bad",
	ended: "faint",
} as const satisfies Record<string, Style>;

export function span(text: string, style: Style = "plain"): Span {
	return { text, style };
}

/** The line in at most `columns` characters, the last one an ellipsis when something had to go. */
export function renderLine(
	line: TextLine,
	screen: { readonly columns: number; readonly hasColour: boolean },
): string {
	let room = screen.columns;
	let rendered = "";
	for (const { text, style } of line) {
		if (room <= 0) break;
		const characters = [...text];
		const isCut = characters.length > room;
		const shown = isCut ? `${characters.slice(0, room - 1).join("")}…` : text;
		room -= characters.length;
		rendered += screen.hasColour ? styled(shown, style) : shown;
	}
	return rendered.trimEnd();
}

/** The text in lines of at most `columns` characters, broken between words; a longer word stays whole. */
export function wrapWords(text: string, columns: number): readonly string[] {
	const lines: string[] = [];
	for (const word of text.split(" ")) {
		const last = lines.at(-1);
		if (last === undefined || last.length + 1 + word.length > columns) {
			lines.push(word);
		} else {
			lines[lines.length - 1] = `${last} ${word}`;
		}
	}
	return lines;
}

function styled(text: string, style: Style): string {
	const code = STYLES[style];
	return code === "" ? text : `\u001b[${code}m${text}\u001b[0m`;
}
