// A killed daemon's record is carried out in its own network namespace only: inodes, which name records, are given away again.

import {
	existsSync,
	mkdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Lab, type LabHost, withLab } from "../netlab/lab.js";
import {
	createNamespace,
	DAEMON_STATE_DIRECTORY,
	daemonStateOf,
} from "../netlab/namespace.js";
import type { TunnelEnd, TunnelKind } from "../netlab/tunnel-options.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "./available-kinds.js";
import { startClientIn, startServerIn } from "./tunnel-in-lab.js";

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

/** Only there does /proc show every process of the machine (linux/proc_ns.h). */
const SEES_WHOLE_MACHINE =
	readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]";

const recordForm = z.looseObject({
	namespaceCookie: z.string().nullable(),
	sysctls: z.array(z.unknown()),
});

/** What a server would have made, here made by somebody else. */
const FOREIGN_TABLE = "tunscope_server_4567";
const ALL_FORWARDING = "net/ipv6/conf/all/forwarding";
/** As before Linux 6.17: a setting of the whole host, which no interface's identity protects. */
const WHOLE_HOST_ROW = {
	key: ALL_FORWARDING,
	family: "ipv6",
	interfaceName: null,
	interfaceIdentity: null,
	before: "0",
	ours: "1",
	needsGuard: false,
	wasAllForwardingOn: false,
	alsoOverwritten: [],
	users: ["server_4567"],
};

const stateFileOf = (host: LabHost) =>
	join(daemonStateOf(host.namespace.name), "state.json");

const startClient = (lab: Lab) =>
	startClientIn(lab, { client: ours, server: ours, family: 4 });

async function crash(starting: Promise<TunnelEnd>): Promise<void> {
	const end = await starting;
	await end.process.stop("SIGKILL");
}

async function crashServer(lab: Lab): Promise<z.infer<typeof recordForm>> {
	await crash(startServerIn(lab, { client: ours, server: ours, family: 4 }));
	const text = readFileSync(stateFileOf(lab.server), "utf8");
	return recordForm.parse(JSON.parse(text));
}

/** Whether the table and the setting of the client's host are still as somebody made them. */
async function foreignThings({ namespace }: LabHost) {
	const rules = await namespace.run(["nft", "list", "ruleset"]);
	const forwarding = await namespace.run([
		"cat",
		`/proc/sys/${ALL_FORWARDING}`,
	]);
	return {
		table: rules.includes(FOREIGN_TABLE),
		forwarding: forwarding.trim(),
	};
}

describe.each([
	{ of: "another namespace", after: { table: true, forwarding: "1" } },
	{ of: "this namespace", after: { table: false, forwarding: "0" } },
])("a record of $of under this one's inode", ({ of, after }) => {
	it("is carried out only where it belongs", async () => {
		await withLab({ shape: "two-hosts" }, async (lab) => {
			const record = await crashServer(lab);
			await crash(startClient(lab));
			const own = recordForm.parse(
				JSON.parse(readFileSync(stateFileOf(lab.client), "utf8")),
			);
			expect(own.namespaceCookie).not.toBe(record.namespaceCookie);
			const moved = { ...record, sysctls: [WHOLE_HOST_ROW] };
			if (of === "this namespace") moved.namespaceCookie = own.namespaceCookie;
			writeFileSync(stateFileOf(lab.client), JSON.stringify(moved));
			await lab.client.namespace.nft(`table inet ${FOREIGN_TABLE} {}\n`);
			await lab.client.namespace.sysctl({ "net.ipv6.conf.all.forwarding": 1 });

			const client = await startClient(lab);
			expect(await foreignThings(lab.client)).toEqual(after);
			await client.stop();
			expect(await foreignThings(lab.client)).toEqual(after);
			expect(existsSync(daemonStateOf(lab.client.namespace.name))).toBe(false);
		});
	});
});

describe("records of crashed daemons", () => {
	it("go with their namespaces, at a start in any other; those of namespaces that are there stay", async () => {
		await withLab({ shape: "two-hosts" }, async (lab) => {
			const record = await crashServer(lab);
			const brief = await createNamespace("v");
			const vanished = daemonStateOf(brief.name);
			await brief.remove();
			mkdirSync(vanished, { mode: 0o700 });
			writeFileSync(join(vanished, "state.json"), JSON.stringify(record));
			expect(vanished.startsWith(DAEMON_STATE_DIRECTORY)).toBe(true);
			try {
				const client = await startClient(lab);
				expect(existsSync(vanished)).toBe(!SEES_WHOLE_MACHINE);
				expect(existsSync(stateFileOf(lab.server))).toBe(true);
				await client.stop();
				expect(existsSync(stateFileOf(lab.server))).toBe(true);
			} finally {
				rmSync(vanished, { recursive: true, force: true });
			}
		});
	});
});
