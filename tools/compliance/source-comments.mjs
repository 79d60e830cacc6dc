// Comments of a source file, each as one text, with the name of what it stands at or in.

/**
 * @typedef {object} SourceComment
 * @property {string} text without comment marks, on one line
 * @property {string} symbol "(whole file)" for the comment that begins a file
 */

const DECLARATIONS = [
	// TypeScript and JavaScript
	/^(?:export\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|interface|type|enum|const|let)\s+([\w$]+)/,
	// class members: methods, accessors, fields
	/^(?:(?:public|private|protected|readonly|static|async|override|get|set)\s+)*(#?[\w$]+)\s*(?:<[^>]*>)?\s*[(:=?!]/,
	// C++: a function, method, struct or constant
	/^(?:[\w:<>,*&\s[\]]+\s[*&]?)((?:\w+::)?~?\w+)\s*\(/,
	/^(?:struct|class|enum class|namespace)\s+(\w+)/,
	/^(?:inline\s+|static\s+)*(?:constexpr|const)\s+[\w:<>]+\s+(\w+)/,
];
const NOT_A_NAME =
	/^(if|for|while|switch|return|else|case|do|try|catch|throw|new|await|expect|describe|it|test|const|default)$/;
const TEST_TITLE =
	/^(?:it|test|describe)(?:\.\w+)*(?:\(.*?\))?\(\s*(["'`])(.*?)\1/;

/** What a line of code declares; null when nothing. @param {string} line */
function declaredName(line) {
	const code = line.trim();
	const title = TEST_TITLE.exec(code)?.[2];
	if (title !== undefined) return `“${title}”`;
	for (const form of DECLARATIONS) {
		const name = form.exec(code)?.[1];
		if (name !== undefined && !NOT_A_NAME.test(name)) return name;
	}
	return null;
}

/** @param {string} line */
function indentOf(line) {
	return /^\s*/.exec(line)?.[0].length ?? 0;
}

/**
 * The name at the line behind the comment, or else of the declaration around it.
 * @param {readonly string[]} lines @param {number} first of the comment @param {number} last of the comment
 */
function symbolAt(lines, first, last) {
	if (first === 0 && lines[last + 1]?.trim() === "") return "(whole file)";
	const indent = indentOf(lines[first] ?? "");
	const next = lines[last + 1] ?? "";
	const ownName = indentOf(next) === indent ? declaredName(next) : null;
	const outer = enclosingName(lines, first, indent);
	if (ownName === null) return outer ?? "(whole file)";
	// A local variable says less than the function it is in.
	const isLocal = /^\s+(?:const|let)\s/.test(next);
	if (isLocal && outer !== null) return outer;
	return outer === null || ownName.includes("::")
		? ownName
		: `${outer}.${ownName}`;
}

/** @param {readonly string[]} lines @param {number} from @param {number} indent */
function enclosingName(lines, from, indent) {
	let limit = indent;
	/** @type {string[]} */
	const names = [];
	for (let at = from - 1; at >= 0 && limit > 0; at--) {
		const line = lines[at] ?? "";
		if (line.trim() === "" || indentOf(line) >= limit) continue;
		// A line that only closes or continues something is not what it is in.
		if (/^\s*[)}\]]/.test(line)) continue;
		limit = indentOf(line);
		const name = declaredName(line);
		if (name !== null && !/^\s+(?:const|let)\s/.test(line)) names.unshift(name);
	}
	return names.length === 0 ? null : names.slice(0, 2).join(".");
}

/**
 * @param {string} source
 * @returns {SourceComment[]}
 */
export function commentsOf(source) {
	const lines = source.split("\n");
	/** @type {SourceComment[]} */
	const comments = [];
	for (let at = 0; at < lines.length; at++) {
		const end = endOfComment(lines, at);
		if (end === null) continue;
		const text = lines
			.slice(at, end + 1)
			.map((line) =>
				line
					.trim()
					.replace(/^(?:\/\*\*?|\*\/|\*|\/\/)\s?/, "")
					.replace(/\*\/$/, ""),
			)
			.join(" ")
			.replaceAll(/\s+/g, " ")
			.trim();
		comments.push({ text, symbol: symbolAt(lines, at, end) });
		at = end;
	}
	return comments;
}

/** The last line of the comment that begins in this line; null when none does. @param {readonly string[]} lines @param {number} at */
function endOfComment(lines, at) {
	const line = (lines[at] ?? "").trim();
	let end = at;
	if (line.startsWith("//")) {
		while ((lines[end + 1] ?? "").trim().startsWith("//")) end += 1;
		return end;
	}
	if (!line.startsWith("/*")) return null;
	while (end < lines.length - 1 && !(lines[end] ?? "").includes("*/")) end += 1;
	return end;
}

/** Titles of tests, which cite as well as comments do. @param {string} source @returns {SourceComment[]} */
export function testTitlesOf(source) {
	return [
		...source.matchAll(
			/\b(?:it|test|describe)(?:\.\w+)*(?:\([^()]*\))?\(\s*(["'`])(.*?)\1/gs,
		),
	].map((match) => ({ text: match[2] ?? "", symbol: `“${match[2] ?? ""}”` }));
}
