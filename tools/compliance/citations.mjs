// Collects what the sources say about RFCs: citations with their sections, and marked deviations.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commentsOf, testTitlesOf } from "./source-comments.mjs";

const FOLDERS = ["packages", "apps/daemon", "e2e"];
const NOT_SOURCE = new Set([
	"node_modules",
	"dist",
	"build",
	"prebuilds",
	"corpus",
]);
const SOURCE = /\.(ts|cc|h)$/;
const CITATION = /\bRFC (\d{3,4})(?: §(\d+(?:\.\d+)*))?/g;
const DEVIATION = /\bDEVIATION: (.+)$/;

/**
 * @typedef {object} Citation
 * @property {number} rfc
 * @property {string} section "" for the whole document
 * @property {string} path
 * @property {string} symbol
 * @property {string} how the sentence that cites
 * @property {boolean} isTest
 *
 * @typedef {object} Deviation
 * @property {string} path
 * @property {string} symbol
 * @property {string} reason
 */

/** @param {string} top @param {string} folder @returns {string[]} */
function sourcePaths(top, folder) {
	return readdirSync(join(top, folder), { withFileTypes: true })
		.sort((left, right) => (left.name < right.name ? -1 : 1))
		.flatMap((entry) => {
			if (NOT_SOURCE.has(entry.name)) return [];
			const path = join(folder, entry.name);
			if (entry.isDirectory()) return sourcePaths(top, path);
			return SOURCE.test(entry.name) ? [path] : [];
		});
}

/** The sentence around a place; a full stop inside a section's number ends none. @param {string} text @param {number} at */
function sentenceAt(text, at) {
	const before = text.slice(0, at);
	const start = Math.max(
		0,
		...[...before.matchAll(/[.!?] (?=[A-Z“"(]|$)/g)].map(
			({ index }) => index + 2,
		),
	);
	const rest = text.slice(at);
	const stop = /[.!?](?= [A-Z“"(]|$)/.exec(rest);
	const end = stop === null ? text.length : at + stop.index + 1;
	return text.slice(start, end).trim();
}

/**
 * @param {string} path @param {string} source
 * @returns {{ citations: Citation[], deviations: Deviation[] }}
 */
export function readSource(path, source) {
	const isTest = /\.test\.ts$|\/testing\//.test(path);
	/** @type {Citation[]} */
	const citations = [];
	/** @type {Deviation[]} */
	const deviations = [];
	const texts = [
		...commentsOf(source),
		...(isTest ? testTitlesOf(source) : []),
	];
	for (const { text, symbol } of texts) {
		for (const match of text.matchAll(CITATION))
			citations.push({
				rfc: Number(match[1]),
				section: match[2] ?? "",
				path,
				symbol,
				how: sentenceAt(text, match.index),
				isTest: isTest || text.includes("[test]"),
			});
		const reason = DEVIATION.exec(text)?.[1];
		if (reason !== undefined) deviations.push({ path, symbol, reason });
	}
	return { citations, deviations };
}

/** @param {string} top the clone's top folder */
export function collectCompliance(top) {
	const read = FOLDERS.flatMap((folder) => sourcePaths(top, folder)).map(
		(path) => readSource(path, readFileSync(join(top, path), "utf8")),
	);
	return {
		citations: read.flatMap(({ citations }) => citations),
		deviations: read.flatMap(({ deviations }) => deviations),
	};
}
