// The files of docs/compliance/, made from the citations in the sources.

import { collectCompliance } from "./citations.mjs";
import { RFC_TITLES } from "./rfc-titles.mjs";

const WRITTEN_BY =
	"Collected from the sources by `npm run compliance`; do not edit.";

/** @param {readonly string[]} cells */
function row(cells) {
	const texts = cells.map((cell) =>
		cell.replaceAll("|", "\\|").replaceAll("<", "&lt;"),
	);
	return `| ${texts.join(" | ")} |`;
}

/** @param {readonly string[]} header @param {readonly (readonly string[])[]} rows */
function table(header, rows) {
	return [row(header), row(header.map(() => "---")), ...rows.map(row)].join(
		"\n",
	);
}

/** "3.10.7.4" behind "3.4": by numbers, not by letters. @param {string} left @param {string} right */
function compareSections(left, right) {
	const lefts = left.split(".").map(Number);
	const rights = right.split(".").map(Number);
	for (let at = 0; at < Math.max(lefts.length, rights.length); at++) {
		const difference = (lefts[at] ?? -1) - (rights[at] ?? -1);
		if (difference !== 0) return difference;
	}
	return 0;
}

/** @param {import("./citations.mjs").Citation} left @param {import("./citations.mjs").Citation} right */
function compareCitations(left, right) {
	return (
		compareSections(left.section, right.section) ||
		Number(left.isTest) - Number(right.isTest) ||
		(left.path < right.path ? -1 : left.path > right.path ? 1 : 0)
	);
}

/** @param {{ path: string, symbol: string }} place */
function placeText({ path, symbol }) {
	return symbol === "(whole file)" ? `\`${path}\`` : `\`${path}\`: ${symbol}`;
}

/** @param {number} rfc @param {readonly import("./citations.mjs").Citation[]} citations */
function rfcDocument(rfc, citations) {
	const rows = [...citations]
		.sort(compareCitations)
		.map((citation) => [
			citation.section === "" ? "–" : `§${citation.section}`,
			placeText(citation),
			citation.isTest ? "tests" : "does",
			citation.how,
		]);
	const title = RFC_TITLES.get(rfc) ?? "";
	return `# RFC ${rfc}: ${title}

${WRITTEN_BY} The text is at <https://www.rfc-editor.org/rfc/rfc${rfc}>.

${table(["section", "where", "does or tests", "how"], unique(rows))}
`;
}

/** @param {readonly (readonly string[])[]} rows */
function unique(rows) {
	const seen = new Set();
	return rows.filter((cells) => {
		const key = cells.join("\n");
		if (seen.has(key)) return false;
		seen.add(key);
		return true;
	});
}

/** @param {readonly import("./citations.mjs").Deviation[]} deviations */
function deviationsDocument(deviations) {
	const rows = deviations.map((deviation) => [
		placeText(deviation),
		deviation.reason,
	]);
	return `# Deviations from RFCs

${WRITTEN_BY} Each is marked \`DEVIATION:\` where it is done, with its reason.

${rows.length === 0 ? "None is marked." : table(["where", "what, and why"], rows)}
`;
}

/**
 * @param {string} top the clone's top folder
 * @returns {Map<string, string>} file names and their contents
 */
export function complianceDocuments(top) {
	const { citations, deviations } = collectCompliance(top);
	const rfcs = [...new Set(citations.map(({ rfc }) => rfc))].sort(
		(left, right) => left - right,
	);
	const unknown = rfcs.filter((rfc) => !RFC_TITLES.has(rfc));
	if (unknown.length > 0)
		throw new Error(
			`RFC ${unknown.join(", ")}: cited, but not in tools/compliance/rfc-titles.mjs; add its title there, or mend the number`,
		);
	/** @type {Map<string, string>} */
	const documents = new Map();
	const index = rfcs.map((rfc) => {
		const own = citations.filter((citation) => citation.rfc === rfc);
		documents.set(`rfc-${rfc}.md`, rfcDocument(rfc, own));
		const tests = own.filter(({ isTest }) => isTest).length;
		return [
			`[RFC ${rfc}](rfc-${rfc}.md)`,
			RFC_TITLES.get(rfc) ?? "",
			String(own.length - tests),
			String(tests),
		];
	});
	documents.set("deviations.md", deviationsDocument(deviations));
	documents.set(
		"README.md",
		`# Which RFC is followed where

${WRITTEN_BY} A comment in a source file that cites a section, in the form \`RFC 9293 §3.10.7.4\`, is a row of that RFC's table; where we do otherwise, the comment says \`DEVIATION:\` and stands in [deviations.md](deviations.md) too.

${table(["document", "title", "places", "tests"], index)}
`,
	);
	return documents;
}
