// `conntrack -F` in the middle of a flow, on either host: the traffic resumes, and the host is left as it was.

import { describe, expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { measured } from "../tunnel/measured.js";
import {
	placesIn,
	startClientIn,
	startServerIn,
	startTunnel,
} from "../tunnel/tunnel-in-lab.js";
import { startConversation } from "./conversation.js";
import { ROLES } from "./host-kind.js";
import { CONNTRACK_FLUSHED } from "./situations.js";

const CARRY_LIMIT_MS = 6_000;
/** reliability.md row 13. */
const RESUME_LIMIT_MS = 3_000;

describe.each([4, 6] as const)(`${CONNTRACK_FLUSHED.name}, IPv%d`, (family) => {
	it.each(ROLES)("on the %s's host", async (role) => {
		await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
			const hosts = [lab.client.namespace, lab.server.namespace];
			const before = await Promise.all(hosts.map(snapshotHost));
			const conversation = await startConversation(placesIn(lab, family));
			const pairing = { client: ours, server: ours, family } as const;
			const tunnel = await startTunnel(lab, pairing);
			await conversation.carries(CARRY_LIMIT_MS);
			for (const turn of ["first", "second"]) {
				await lab[role].namespace.run(["conntrack", "-F"]);
				const resumedMs = await conversation.carries(RESUME_LIMIT_MS);
				measured(
					`${turn} flush on the ${role}'s host, IPv${family}`,
					`the next echo after ${resumedMs.toFixed(0)} ms`,
				);
			}
			await tunnel[role].process.stop("SIGKILL");
			const start = role === "client" ? startClientIn : startServerIn;
			const restarted = await start(lab, pairing);
			await conversation.carries(CARRY_LIMIT_MS);
			await restarted.stop();
			await tunnel.stop();
			await conversation.end();
			const after = await Promise.all(hosts.map(snapshotHost));
			expect(
				before.flatMap((host, index) =>
					residueBetween(host, after[index] ?? {}),
				),
			).toEqual([]);
		});
	});
});
