// Runs this folder's attack programs inside a namespace of a lab, and reads what they say they have done.

import { fileURLToPath } from "node:url";
import { z } from "zod";
import { startInNamespace } from "../../netlab/lab-process.js";
import type { Namespace } from "../../netlab/namespace.js";

/** Debian's, which has scapy. The programs are not built: sources and `dist` of this package lie equally deep. */
const PYTHON = "/usr/bin/python3";
const FOLDER = fileURLToPath(
	new URL("../../../src/reliability/attack/", import.meta.url),
);
const DEADLINE_MS = 100_000;

type AttackProgram =
	| "blind-segments"
	| "forge"
	| "fragment-storm"
	| "hostile-fragments"
	| "malformed-packets"
	| "overhear"
	| "replay"
	| "syn-flood";

/** What a program that shoots says about itself. */
const shots = z.object({
	/** Packets that the interface took. */
	sent: z.number(),
	/** Packets that the interface's queue or the kernel refused. */
	refused: z.number(),
	seconds: z.number(),
	/** Sent per second. */
	perSecond: z.number(),
});
export type Shots = Readonly<z.infer<typeof shots>>;

/** The last line that the program printed, as JSON. @throws Error when it failed */
export async function runAttack(
	namespace: Namespace,
	program: AttackProgram,
	words: readonly (string | number)[],
): Promise<unknown> {
	const running = startInNamespace(namespace, {
		// -B: the programs import each other, and no cache of that is left in the source folder.
		argv: [PYTHON, "-B", `${FOLDER}${program}.py`, ...words.map(String)],
		deadlineMs: DEADLINE_MS,
	});
	const { code } = await running.ended;
	if (code !== 0)
		throw new Error(`${program}.py ended with ${code}: ${running.stderr()}`);
	return JSON.parse(running.stdout().trim().split("\n").at(-1) ?? "");
}

/** For programs that shoot. @throws Error when it failed */
export async function shoot(
	namespace: Namespace,
	program: AttackProgram,
	words: readonly (string | number)[],
): Promise<Shots> {
	return shots.parse(await runAttack(namespace, program, words));
}

/** One line for the test's output. */
export function describeShots({ sent, refused, perSecond }: Shots): string {
	return `${sent} packets at ${perSecond}/s, ${refused} refused`;
}

const lastSegment = z.object({
	sequence: z.number(),
	acknowledgement: z.number(),
	octets: z.number(),
});
const overheardFlow = z.object({
	client: z.string(),
	clientPort: z.number(),
	server: z.string(),
	serverPort: z.number(),
	/** The last segment that was heard in each direction. */
	toServer: lastSegment,
	toClient: lastSegment,
});
/** A live flow as somebody on the path sees it; on a TUN with the addresses that its daemon sees. */
export type OverheardFlow = Readonly<z.infer<typeof overheardFlow>>;

/** Listens until something has passed in both directions. @throws Error when nothing does for 10 s */
export async function overhear(
	namespace: Namespace,
	interfaceName: string,
	port: number,
): Promise<OverheardFlow> {
	return overheardFlow.parse(
		await runAttack(namespace, "overhear", [interfaceName, port]),
	);
}

/** One seed for all that is random in a test; printed with its result. */
export function newSeed(): number {
	return Math.floor(Math.random() * 2 ** 31);
}
