// What holds a network namespace, from a made-up /proc and from the real one.

import {
	mkdirSync,
	mkdtempSync,
	readlinkSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readHeldNamespaces } from "./host-state-record-holders.js";
import { readNetworkNamespaceInode } from "./process-identity.js";
import {
	createNamespace,
	deleteNamespace,
	whyNoNamespaces,
} from "./testing/namespaces.js";

let root = "";
beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), "tunscope-proc-"));
	link("self/ns/pid", "pid:[4026531836]");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function link(path: string, target: string): void {
	mkdirSync(dirname(join(root, path)), { recursive: true });
	symlinkSync(target, join(root, path));
}

describe("readHeldNamespaces", () => {
	it("counts threads, descriptors, and mounts of every mount namespace", () => {
		link("10/task/10/ns/net", "net:[1]");
		link("10/task/11/ns/net", "net:[2]");
		link("10/fd/3", "net:[3]");
		link("10/fd/4", "socket:[4]");
		link("10/ns/mnt", "mnt:[1]");
		writeFileSync(
			join(root, "10/mountinfo"),
			"1 2 0:4 net:[5] /run/netns/a rw - nsfs nsfs rw\n3 2 0:4 mnt:[6] /x rw - nsfs nsfs rw\n",
		);
		link("20/task/20/ns/net", "net:[1]");
		link("20/ns/mnt", "mnt:[2]");
		writeFileSync(
			join(root, "20/mountinfo"),
			"1 2 0:4 net:[7] /run/netns/b rw - nsfs nsfs rw\n",
		);
		expect(readHeldNamespaces(root)).toEqual(
			new Set(["1", "2", "3", "5", "7"]),
		);
	});

	it("passes over a process that has ended meanwhile", () => {
		mkdirSync(join(root, "30"));
		link("40/task/40/ns/net", "net:[8]");
		expect(readHeldNamespaces(root)).toEqual(new Set(["8"]));
	});

	it("cannot tell in a container, which sees only its own processes", () => {
		rmSync(join(root, "self/ns/pid"));
		link("self/ns/pid", "pid:[4026532999]");
		expect(readHeldNamespaces(root)).toBeNull();
	});

	it("finds on this machine its own namespace, and one that only a mount holds until it is deleted", (context) => {
		const reason = whyNoNamespaces();
		if (reason !== null) return context.skip(reason);
		if (readlinkSync("/proc/self/ns/pid") !== "pid:[4026531836]")
			return expect(readHeldNamespaces()).toBeNull();
		expect(readHeldNamespaces()).toContain(readNetworkNamespaceInode());
		const { name } = createNamespace("held");
		const inode = String(statSync(`/run/netns/${name}`).ino);
		expect(readHeldNamespaces()).toContain(inode);
		deleteNamespace(name);
		expect(readHeldNamespaces()).not.toContain(inode);
	});
});
