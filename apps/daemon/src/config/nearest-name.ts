// The right word that somebody most likely meant, when what they wrote is none.

import { distance } from "fastest-levenshtein";

/** One slip in three letters: more is another word. */
const LETTERS_PER_SLIP = 3;

/** Null when nothing is near. Case and the kind of separator do not count: idleTimeout means idle-timeout. */
export function nearestName(
	written: string,
	choices: readonly string[],
): string | null {
	const plainWritten = plain(written);
	const ranked = choices
		.map((choice) => ({
			choice,
			slips: distance(plainWritten, plain(choice)),
		}))
		.sort((one, other) => one.slips - other.slips);
	const [nearest] = ranked;
	if (nearest === undefined) return null;
	const allowedSlips = Math.ceil(plainWritten.length / LETTERS_PER_SLIP);
	return nearest.slips <= allowedSlips ? nearest.choice : null;
}

function plain(word: string): string {
	return word.toLowerCase().replaceAll(/[-_ ]/g, "");
}
