// Rulesets as nft and iptables themselves list them: what is said about each, and that the printed command silences it.

import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
	createNamespace,
	deleteNamespace,
	type Namespace,
	whyNoNamespaces,
} from "../testing/namespaces.js";
import { ForeignFirewall } from "./foreign-firewall.js";
import type { ForeignRuleRow } from "./foreign-rule.js";
import {
	CASES,
	forwardChain,
	IPTABLES_CASES,
} from "./testing/foreign-rulesets.js";
import { CLIENT_PLACE, SERVER_PLACE } from "./testing/tunnel-places.js";

const REASON = whyNoNamespaces();
if (REASON !== null) console.log(`skipped: foreign firewalls: ${REASON}`);

const PLACES = { client: CLIENT_PLACE, server: SERVER_PLACE };
type Role = keyof typeof PLACES;

let host: Namespace;
let notices: string[] = [];

function load(program: string, text: string): void {
	execFileSync("ip", ["netns", "exec", host.name, ...program.split(" ")], {
		input: text,
		stdio: ["pipe", "pipe", "pipe"],
	});
}

const loadNft = (text: string) => load("nft -f -", text);

function createForeign(isAllowed = false): {
	readonly foreign: ForeignFirewall;
	readonly records: (readonly ForeignRuleRow[])[];
	readonly atRecord: string[];
} {
	const records: (readonly ForeignRuleRow[])[] = [];
	const atRecord: string[] = [];
	const foreign = new ForeignFirewall({
		run: host.run,
		ownTable: "tunscope_test",
		isAllowed,
		record: (rows) => {
			records.push([...rows]);
			atRecord.push(host.shell("nft list ruleset"));
			return Promise.resolve();
		},
		onNotice: (message) => notices.push(message),
	});
	return { foreign, records, atRecord };
}

async function noticesFor(role: Role): Promise<readonly string[]> {
	notices = [];
	await createForeign().foreign.look(PLACES[role]);
	return notices;
}

function commandsIn(texts: readonly string[]): readonly string[] {
	return texts.flatMap(
		(text) =>
			/(?:Let it through|give it this one): `([^`]+)`/.exec(text)?.slice(1) ??
			[],
	);
}

/** One SYN to TCP port 4567 of this host, as it comes in by q0. */
const SYN_FRAME = `
import socket, struct
def total(data):
    words = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while words >> 16: words = (words & 0xffff) + (words >> 16)
    return ~words & 0xffff
source, target = socket.inet_aton("198.18.77.2"), socket.inet_aton("198.18.77.1")
tcp = lambda check: struct.pack("!HHIIBBHHH", 40000, 4567, 1, 0, 5 << 4, 2, 65535, check, 0)
tcp = tcp(total(source + target + struct.pack("!BBH", 0, 6, 20) + tcp(0)))
ip = lambda check: struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, check) + source + target
ip = ip(total(ip(0)))
link = bytes.fromhex("020000000001" + "020000000077" + "0800")
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("q1", 0))
wire.send(link + ip + tcp)
`;

describe.skipIf(REASON !== null)("a look at other firewalls", () => {
	beforeAll(() => {
		host = createNamespace("foreign");
	});
	afterAll(() => deleteNamespace(host.name));
	beforeEach(() => {
		host.shell("nft flush ruleset");
	});

	describe.each([
		...CASES.map((one) => ({ ...one, load: loadNft })),
		...IPTABLES_CASES.map((one) => ({
			...one,
			load: (text: string) => load("iptables-nft-restore", text),
		})),
	])("$name", ({ ruleset, load: loadRules, ...expected }) => {
		it.each(["client", "server"] as const)("for a %s", async (role) => {
			loadRules(ruleset);
			const said = await noticesFor(role);
			expect(said).toHaveLength(expected[role].length);
			for (const [index, pattern] of expected[role].entries())
				expect(said[index]).toMatch(pattern);
			for (const command of commandsIn(said)) host.shell(command);
			expect(commandsIn(said)).toHaveLength(said.length);
			expect(await noticesFor(role)).toEqual([]);
		});
	});

	it("says a thing once, and again with the counter's proof when a handshake gets no answer", async () => {
		loadNft(forwardChain("tcp dport 4567 counter drop", "accept"));
		const { foreign } = createForeign();
		notices = [];
		await foreign.look(CLIENT_PLACE);
		await foreign.look(CLIENT_PLACE);
		expect(notices).toEqual([expect.stringContaining("So say its rules.")]);
		host.shell(
			"nft replace rule inet fw forward handle $(nft -a list chain inet fw forward | sed -n 's/.*dport 4567.*handle //p') tcp dport 4567 counter packets 7 bytes 420 drop",
		);
		await foreign.handshakeFailed(CLIENT_PLACE);
		await foreign.handshakeFailed(CLIENT_PLACE);
		expect(notices.slice(1)).toEqual([
			expect.stringContaining("Its counter proves it: 7 more packets"),
		]);
	});

	it("says nothing new until the rules change", async () => {
		const { foreign } = createForeign();
		notices = [];
		await foreign.look(CLIENT_PLACE);
		expect(notices).toEqual([]);
		loadNft(forwardChain(""));
		await foreign.lookAgain(CLIENT_PLACE);
		expect(notices, "looked again too soon").toEqual([]);
		await foreign.look(CLIENT_PLACE);
		expect(notices).toHaveLength(1);
	});

	it("adds what it may add, on record before, and takes out exactly that", async () => {
		loadNft(forwardChain("", "drop"));
		host.shell(
			`nft insert rule inet fw forward ip saddr 10.0.0.1 accept comment tunscope_test2`,
		);
		const before = host.shell("nft list ruleset");
		const { foreign, records, atRecord } = createForeign(true);
		notices = [];
		await foreign.look(CLIENT_PLACE);
		expect(records.at(-1)).toHaveLength(2);
		expect(atRecord[0], "recorded after it was made").toBe(before);
		expect(host.shell("nft list ruleset")).toContain(
			'iifname "tunc0" counter packets 0 bytes 0 accept comment "tunscope_test"',
		);
		expect(notices).toEqual([
			expect.stringMatching(/2 rules .* tunscope_test/),
		]);
		// The owner loads its rules anew; the next look puts ours back, once.
		host.shell("nft flush chain inet fw forward");
		await foreign.look(CLIENT_PLACE);
		expect(
			host.shell("nft list ruleset").split('"tunscope_test"'),
		).toHaveLength(1 + 2);
		await foreign.close();
		await foreign.close();
		expect(host.shell("nft list ruleset")).not.toContain('"tunscope_test"');
	});

	it("does not miss a table that has gone with our rule in it", async () => {
		loadNft(forwardChain("", "drop"));
		const { foreign } = createForeign(true);
		await foreign.look(CLIENT_PLACE);
		host.shell("nft delete table inet fw");
		await foreign.close();
		expect(host.shell("nft list ruleset")).toBe("");
	});

	it.each(["before", "after"] as const)(
		"knows whom the kernel asks first when a table of the same priority was made %s ours",
		async (when) => {
			const own =
				"table inet tunscope_test { chain prerouting { type nat hook prerouting priority dstnat; tcp dport 4567 counter redirect to :1001; }; }";
			const other =
				"table ip other { chain pre { type nat hook prerouting priority dstnat; tcp dport 4567 counter redirect to :1002; }; }";
			for (const table of when === "before" ? [other, own] : [own, other])
				loadNft(table);
			const said = await noticesFor("server");
			host.shell(
				"ip link add q0 type veth peer name q1; ip link set q0 up; ip link set q1 up; ip address add 198.18.77.1/24 dev q0; ip neigh add 198.18.77.2 lladdr 02:00:00:00:00:77 dev q0; ip link set q0 address 02:00:00:00:00:01",
			);
			host.shell(`python3 - <<'END'
${SYN_FRAME}
END`);
			const counted = (table: string) =>
				Number(
					/packets (\d+)/.exec(host.shell(`nft list table ${table}`))?.[1],
				);
			const isOthers = counted("ip other") === 1;
			expect(counted("ip other") + counted("inet tunscope_test")).toBe(1);
			host.shell("ip link del q0");
			expect(isOthers).toBe(when === "after");
			expect(said).toHaveLength(isOthers ? 1 : 0);
		},
	);

	it("never takes another service's port, allowed or not", async () => {
		loadNft(
			"table ip home { chain p { type nat hook prerouting priority -110; tcp dport 4567 dnat to 10.0.0.2; }; }",
		);
		const before = host.shell("nft list ruleset");
		notices = [];
		await createForeign(true).foreign.look(SERVER_PLACE);
		expect(notices).toEqual([expect.stringMatching(/takes TCP port 4567/)]);
		expect(host.shell("nft list ruleset")).toBe(before);
	});
});
