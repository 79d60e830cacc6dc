// The first stage: whatever the others need and this machine lacks.

import {
	ensureDebianPackages,
	requireRoot,
	TEST_PACKAGES,
} from "../set-up/debian-packages.mjs";
import { ensureNpmPackages } from "../set-up/npm-packages.mjs";
import { ensureStockPhantun } from "../set-up/stock-phantun.mjs";
import { Tally } from "./tally.mjs";

export async function runInstall() {
	const tally = new Tally();
	requireRoot();
	const installed = await ensureDebianPackages(TEST_PACKAGES);
	tally.pass(
		`Debian packages: ${installed.length === 0 ? "all there" : `installed ${installed.join(" ")}`}`,
	);
	const isNew = await ensureNpmPackages("all");
	tally.pass(`npm packages: ${isNew ? "installed" : "all there"}`);
	// Not a check: the interop tests say themselves what they skip without it.
	const reason = await ensureStockPhantun();
	console.log(
		reason === null
			? "  genuine Phantun is in the cache"
			: `  without genuine Phantun: ${reason}`,
	);
	return tally;
}
