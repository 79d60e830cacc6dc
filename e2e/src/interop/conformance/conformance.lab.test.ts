// The double, and our own stock-exact profile, answer as genuine Phantun does: one set of scripts, and what wire.md says.

import { beforeAll, describe, expect, it } from "vitest";
import type { StockLikeProgram } from "../../netlab/stock-like-tunnel.js";
import { tunscopeArgv } from "../../netlab/tunscope-tunnel.js";
import { doubleProgram } from "../double-program.js";
import { ensurePhantun, type PhantunSearch } from "../genuine-phantun.js";
import { openBench } from "./conformance-bench.js";
import { SCRIPTS, type Script } from "./scripts.js";

let phantun: PhantunSearch;
beforeAll(async () => {
	phantun = await ensurePhantun((line) => process.stdout.write(`${line}\n`));
}, 16 * 60_000);

const EXACT = ["--wire-profile", "stock-exact", "--host-setup", "off"];
const stockExact: StockLikeProgram = {
	name: "stock",
	clientArgv: tunscopeArgv("client", ...EXACT),
	serverArgv: tunscopeArgv("server", ...EXACT),
};

/** Answers to each step of the script. */
async function playScript(
	program: StockLikeProgram,
	script: Script,
	family: 4 | 6,
): Promise<string[][]> {
	const bench = await openBench({ program, role: script.role, family });
	try {
		const answers: string[][] = [];
		for (const [step] of script.steps) answers.push(await bench.play(step));
		return answers;
	} finally {
		await bench.close();
	}
}

/** Leaves what wire.md's tables say about an answer; the rest is the same in all of stock's segments. */
function shortened(answer: string): string {
	return answer
		.replace(/ (win|options|ttl|tos|id|hops|flow)=\S+/g, "")
		.replace(" DF", "")
		.replace(" len=0", "");
}

function expectAsDocumented(answers: string[][], script: Script): void {
	const documented = script.steps.map(([, ...expected]) => expected);
	expect(answers.map((step) => step.map(shortened))).toEqual(documented);
}

/** Every script in IPv4; IPv6 differs in the packet's outside only, so one of each role is enough. */
const CASES = SCRIPTS.flatMap((script, place) => {
	const isFirstOfRole =
		SCRIPTS.findIndex((one) => one.role === script.role) === place;
	const families = isFirstOfRole ? ([4, 6] as const) : ([4] as const);
	return families.map((family) => ({ ...script, family }));
});

describe.each(CASES)("stock $role, IPv$family: $title", (script) => {
	it("is answered as documented by genuine Phantun, the double and stock-exact, alike to the last header field", async () => {
		const { family } = script;
		const [double, exact, genuine] = await Promise.all([
			playScript(doubleProgram, script, family),
			playScript(stockExact, script, family),
			phantun.isPresent ? playScript(phantun.program, script, family) : null,
		]);
		expectAsDocumented(double, script);
		expect(exact).toEqual(double);
		if (genuine !== null) expect(double).toEqual(genuine);
	});
});

it("compares with genuine Phantun", (context) => {
	if (!phantun.isPresent) context.skip(phantun.reason);
});
