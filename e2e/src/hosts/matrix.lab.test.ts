// The matrix of hosts: on each kind, in each role, in both families, Tunscope is a good guest.

import { beforeAll, describe, it } from "vitest";
import type { Lab } from "../netlab/lab.js";
import { whyNoDaemon } from "../netlab/tunscope-tunnel.js";
import { expectGoodGuest } from "./guest-contract.js";
import { ROLES } from "./host-kind.js";
import { HOST_KINDS } from "./host-kinds.js";
import { routerAdvertised, seesAdvertisements } from "./plain-hosts.js";

beforeAll(() => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
});

describe.each(HOST_KINDS)("$name", (kind) => {
	it.each(ROLES)("as the %s", async (role) => {
		await expectGoodGuest({
			kind,
			role,
			...(kind === routerAdvertised
				? {
						lookCloser: (lab: Lab) => seesAdvertisements(lab[role].namespace),
					}
				: {}),
		});
	});
});
