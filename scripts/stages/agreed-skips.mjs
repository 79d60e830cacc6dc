// The skips that CI accepts, each with the circumstance that excuses it; any other skip makes `npm test` fail.

/**
 * @typedef {object} AgreedSkip
 * @property {RegExp} pattern of "name: reason"
 * @property {string} because
 */

/** @type {readonly AgreedSkip[]} */
const AGREED_SKIPS = [
	{
		pattern: /cargo (is not installed|could not build)|genuine Phantun/i,
		because:
			"genuine Phantun needs cargo and its registry; the committed behavioural double runs everywhere",
	},
];

/** @param {import("./tally.mjs").Skip} skip */
export function isAgreed(skip) {
	return AGREED_SKIPS.some((agreed) =>
		agreed.pattern.test(`${skip.name}: ${skip.reason}`),
	);
}
