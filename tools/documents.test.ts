// What the documents claim about files, links and tables is true.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { DROP_REASON_ROWS } from "../packages/fake-tcp/src/wire/drop-reason.js";

const TOP = fileURLToPath(new URL("..", import.meta.url));

function markdownIn(folder: string): string[] {
	return readdirSync(join(TOP, folder), { withFileTypes: true }).flatMap(
		(entry) => {
			const path = join(folder, entry.name);
			if (entry.isDirectory()) return folder === "." ? [] : markdownIn(path);
			return entry.name.endsWith(".md") ? [path] : [];
		},
	);
}

const DOCUMENTS = [...markdownIn("."), ...markdownIn("docs")];

/** Targets of [text](target) and ![text](target), outside of code blocks. */
function linkTargets(markdown: string): string[] {
	const prose = markdown.replace(/^```.*?^```/gms, "");
	return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
}

/** The anchors that GitHub makes of a document's headings. */
function anchors(markdown: string): Set<string> {
	const headings = markdown.matchAll(/^#+\s+(.*)$/gm);
	return new Set(
		[...headings].map((match) =>
			(match[1] ?? "")
				.toLowerCase()
				.replace(/[^\p{L}\p{N}\s_-]/gu, "")
				.trim()
				.replace(/\s/g, "-"),
		),
	);
}

/** Why a link of `document` leads nowhere; null when it does not, or when it leaves the repository. */
function deadLink(document: string, target: string): string | null {
	if (/^[a-z]+:/.test(target)) return null;
	const [path = "", anchor = ""] = target.split("#");
	const file = join(
		TOP,
		path === "" ? document : join(dirname(document), path),
	);
	if (!existsSync(file)) return `${target}: no such file`;
	if (anchor === "" || statSync(file).isDirectory()) return null;
	return anchors(readFileSync(file, "utf8")).has(anchor)
		? null
		: `${target}: no such heading in ${relative(TOP, file)}`;
}

/** Paths in backticks: a slash inside, an extension or a slash at the end. */
function namedPaths(markdown: string): string[] {
	return [...markdown.matchAll(/`([\w.@-]+(?:\/[\w.@-]+)*\/[\w.-]*)`/g)]
		.map((match) => match[1] ?? "")
		.filter((path) => /(\.\w+|\/)$/.test(path) && !path.startsWith("@"));
}

describe("links", () => {
	test("there are documents to check", () => {
		expect(DOCUMENTS).toContain("README.md");
		expect(DOCUMENTS.length).toBeGreaterThan(5);
	});

	test.each(DOCUMENTS)("every relative link of %s leads somewhere", (path) => {
		const markdown = readFileSync(join(TOP, path), "utf8");
		const dead = linkTargets(markdown)
			.map((target) => deadLink(path, target))
			.filter((finding) => finding !== null);
		expect(dead).toEqual([]);
	});

	test("a dead link and a dead anchor are noticed", () => {
		expect(deadLink("README.md", "docs/nowhere.md")).toContain("no such file");
		expect(deadLink("README.md", "#no-such-heading-here")).toContain(
			"no such heading",
		);
	});
});

describe("ARCHITECTURE.md", () => {
	const named = namedPaths(readFileSync(join(TOP, "ARCHITECTURE.md"), "utf8"));

	test("names files by the dozen", () => {
		expect(named.length).toBeGreaterThan(12);
	});

	test.each([...new Set(named)])("%s exists", (path) => {
		expect(existsSync(join(TOP, path))).toBe(true);
	});
});

describe("docs/drop-reasons.md", () => {
	test("is the table in packages/fake-tcp/src/wire/drop-reason.ts (npx vitest run --project tools -u writes it)", async () => {
		const rows = DROP_REASON_ROWS.map(
			(row, number) =>
				`| ${number} | \`${row.name}\` | ${row.side} | ${row.meaning} |`,
		);
		const document = `${DROP_REASONS_HEAD}${rows.join("\n")}\n`;
		await expect(document).toMatchFileSnapshot("../docs/drop-reasons.md");
	});
});

const DROP_REASONS_HEAD = `# Drop reasons

Everything that Tunscope discards is counted under exactly one of these reasons; nothing is discarded in silence, nothing is logged packet by packet.
*Side* says where the discarded thing came from: \`tun\` is the network side (packets read from the TUN device), \`udp\` is the application side (datagrams read from the UDP socket).
What is read from the TUN counts in packets, everything else in datagrams: of a train that the TUN does not take (\`tun-queue-full\`, \`tun-down\`, \`tun-write-failed\`) each datagram counts, and a segment without payload counts one.
The numbers are positions in the counter memory and may change between versions; the names are stable.

| number | name | side | meaning |
|---|---|---|---|
`;
