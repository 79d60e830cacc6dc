// Every errno that the addon's calls may give: what is counted, what is tried again, what is given up.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ip } from "../native/kernel-lab.js";
import { compileChildren, runChild } from "./child-program.js";

const E = constants.errno;
const EBADFD = 77;
const source = fileURLToPath(
	new URL("../../native/testing/inject_errors.cc", import.meta.url),
);

const QUIET_WRITE = {
	segmentsWritten: 0,
	segmentsDroppedQueueFull: 0,
	segmentsDroppedDeviceDown: 0,
	segmentsDroppedOther: 0,
	isGone: false,
};
const QUIET_SEND = {
	datagramsSent: 0,
	datagramsDroppedQueueFull: 0,
	refusals: 0,
	lastRefusedOwner: -1,
	datagramsDroppedTooBig: 0,
	datagramsDroppedOther: 0,
	lastErrno: 0,
	segmentation: true,
};

const WRITES: Record<string, object> = {
	EAGAIN: { segmentsDroppedQueueFull: 3, lastErrno: E.EAGAIN },
	ENOBUFS: { segmentsDroppedQueueFull: 3, lastErrno: E.ENOBUFS },
	EIO: { segmentsDroppedDeviceDown: 3, lastErrno: E.EIO },
	EBADFD: { segmentsDroppedOther: 3, isGone: true, lastErrno: EBADFD },
	ENODEV: { segmentsDroppedOther: 3, isGone: true, lastErrno: E.ENODEV },
	EINVAL: { segmentsDroppedOther: 3, lastErrno: E.EINVAL },
	EPERM: { segmentsDroppedOther: 3, lastErrno: E.EPERM },
	"EAGAIN, then a bare segment": {
		segmentsWritten: 1,
		segmentsDroppedQueueFull: 3,
		lastErrno: E.EAGAIN,
	},
	"EBADFD, and what is behind it": {
		segmentsDroppedOther: 3 + 1 + 4,
		isGone: true,
		lastErrno: EBADFD,
	},
};

/** Devices without TSO: the train is cut, and the third of its six segments fails. */
const CUT_WRITES: Record<string, object> = {
	EAGAIN: { segmentsDroppedQueueFull: 4, lastErrno: E.EAGAIN },
	EIO: { segmentsDroppedDeviceDown: 4, lastErrno: E.EIO },
	EPERM: { segmentsDroppedOther: 4, lastErrno: E.EPERM },
	ENODEV: { segmentsDroppedOther: 4, isGone: true, lastErrno: E.ENODEV },
};

const SENDS: Record<string, object> = {
	nothing: { datagramsSent: 3 },
	EINTR: { datagramsSent: 3 },
	EAGAIN: { datagramsDroppedQueueFull: 3, lastErrno: E.EAGAIN },
	ENOBUFS: { datagramsDroppedQueueFull: 1, lastErrno: E.ENOBUFS },
	EPERM: { datagramsDroppedOther: 1, lastErrno: E.EPERM },
	"EMSGSIZE alone": { datagramsDroppedTooBig: 1, lastErrno: E.EMSGSIZE },
	"EMSGSIZE train": { datagramsSent: 3 },
	"EINVAL alone": { datagramsDroppedOther: 1, lastErrno: E.EINVAL },
	"EINVAL train": { datagramsSent: 3 },
	"EIO train": { datagramsSent: 3, segmentation: false },
	"EIO train, then EAGAIN": {
		datagramsSent: 2,
		datagramsDroppedQueueFull: 1,
		lastErrno: E.EAGAIN,
		segmentation: false,
	},
	"EINVAL train, then EMSGSIZE": {
		datagramsDroppedTooBig: 3,
		lastErrno: E.EMSGSIZE,
	},
	"refused once": {
		datagramsSent: 3,
		refusals: 1,
		lastRefusedOwner: 0,
		lastErrno: E.ECONNREFUSED,
	},
	"refused for ever": {
		datagramsDroppedOther: 1,
		refusals: 4,
		lastRefusedOwner: 0,
		lastErrno: E.ECONNREFUSED,
	},
	"refused in singles": {
		datagramsSent: 3,
		refusals: 2,
		lastRefusedOwner: 0,
		lastErrno: E.ECONNREFUSED,
	},
};

const RECEIVES: Record<string, object> = {
	EINTR: { messages: 1, errors: [] },
	EAGAIN: { messages: 0, errors: [] },
	ENOMEM: { messages: 1, errors: [E.ENOMEM] },
	"ECONNREFUSED twice": {
		messages: 1,
		errors: [E.ECONNREFUSED, E.ECONNREFUSED],
	},
	"ECONNREFUSED for ever": {
		messages: 0,
		errors: Array(8).fill(E.ECONNREFUSED),
	},
};

describe("errors of system calls", () => {
	let folder: string;
	let outcomes: Record<string, Record<string, unknown>>;

	beforeAll(async () => {
		folder = mkdtempSync(path.join(tmpdir(), "tunscope-errno-"));
		const library = path.join(folder, "inject.so");
		const flags = ["-shared", "-fPIC", "-std=c++20", "-Wall", "-Wextra"];
		execFileSync("c++", [...flags, source, "-o", library]);
		ip("link", "set", "lo", "up");
		compileChildren();
		const plan = path.join(folder, "plan");
		// A sanitizer's library has to stay first.
		const preloaded = [process.env.LD_PRELOAD, library].filter(Boolean);
		const env = {
			...process.env,
			LD_PRELOAD: preloaded.join(":"),
			TUNSCOPE_INJECT_FILE: plan,
		};
		const end = await runChild(["life-cycle/errno-main.js", plan], { env });
		expect(end).toMatchObject({ code: 0, stderr: "" });
		outcomes = JSON.parse(end.stdout);
	}, 60_000);
	afterAll(() => rmSync(folder, { recursive: true }));

	for (const [name, expected] of Object.entries(WRITES)) {
		it(`packet case 52: writing a train: ${name}`, () => {
			expect(outcomes.writes?.[name]).toEqual({ ...QUIET_WRITE, ...expected });
		});
	}

	for (const [name, expected] of Object.entries(CUT_WRITES)) {
		it(`writing a train segment by segment: ${name}`, () => {
			expect(outcomes.cutWrites?.[name]).toEqual({
				...QUIET_WRITE,
				segmentsWritten: 2,
				...expected,
			});
		});
	}

	it("reading packets: interrupted, invalid, gone", () => {
		expect(outcomes.reads).toEqual({
			EINTR: 0,
			EINVAL: 0,
			EBADFD: -1,
			ENODEV: -1,
		});
	});

	for (const [name, expected] of Object.entries(SENDS)) {
		it(`sending datagrams: ${name}`, () => {
			expect(outcomes.sends?.[name]).toEqual({ ...QUIET_SEND, ...expected });
		});
	}

	for (const [name, expected] of Object.entries(RECEIVES)) {
		it(`receiving datagrams: ${name}`, () => {
			expect(outcomes.receives?.[name]).toEqual(expected);
		});
	}
});
