import {
	createMemoryPacketIo,
	MemoryNetwork,
	type TunDevice,
} from "@tunscope/tun";
import { beforeEach, describe, expect, it } from "vitest";
import { TunAttachment } from "./tun-attachment.js";
import type { FromWorker } from "./worker-protocol.js";

class Rig {
	readonly network = new MemoryNetwork();
	readonly said: FromWorker[] = [];
	readonly hostChanges: boolean[] = [];
	readonly attachment: TunAttachment;
	tun: TunDevice | null = null;
	present: TunDevice | null = null;

	constructor() {
		const io = createMemoryPacketIo({ network: this.network });
		this.attachment = new TunAttachment({
			io: {
				...io,
				openTun: (options) => {
					this.tun = io.openTun(options);
					return this.tun;
				},
			},
			poller: io.createPoller(),
			arena: new Uint8Array(1024 * 1024),
			requestedName: "tun0",
			post: (message) => this.said.push(message),
			onDevice: (device) => {
				this.present = device;
			},
			onLinkMtu: () => {},
			onHostChange: (isOverrun) => this.hostChanges.push(isOverrun),
		});
		this.attachment.start();
	}

	/** What the kernel tells about the TUN. */
	tell(change: { name?: string; isUp?: boolean; linkMtuBytes?: number }): void {
		this.network.tell({
			kind: "link",
			interfaceIndex: this.tun?.interfaceIndex ?? 0,
			name: "tun0",
			isUp: true,
			isRunning: true,
			linkMtuBytes: 1_500,
			isDeleted: false,
			...change,
		});
	}

	kinds(): readonly string[] {
		return this.said.map(({ kind }) => kind);
	}
}

let rig: Rig;
beforeEach(() => {
	rig = new Rig();
});

describe("the TUN's attachment", () => {
	it("does not take what the set-up itself did for a loss", () => {
		rig.tell({ isUp: false });
		rig.tell({ isUp: false, linkMtuBytes: 9_000 });
		rig.tell({ isUp: true, linkMtuBytes: 9_000 });
		rig.attachment.hostReady();
		rig.attachment.drainWatch();
		expect(rig.kinds()).toEqual(["tun-opened"]);
		expect(rig.present).not.toBeNull();
	});

	it("notices a device that was taken down while it was being set up", () => {
		rig.tell({ isUp: true });
		rig.tell({ isUp: false });
		rig.attachment.hostReady();
		expect(rig.kinds()).toEqual(["tun-opened", "tun-lost"]);
		expect(rig.present).toBeNull();
		rig.tell({ isUp: true });
		rig.attachment.drainWatch();
		rig.attachment.hostReady();
		expect(rig.kinds().slice(2)).toEqual(["tun-opened", "tun-restored"]);
	});

	it("follows another name, and is announced by it, now or when it is up", () => {
		rig.attachment.hostReady();
		rig.tell({ name: "other0" });
		rig.attachment.drainWatch();
		expect(rig.said.slice(1)).toMatchObject([
			{ kind: "tun-renamed", from: "tun0", to: "other0" },
			{ kind: "tun-opened", tunName: "other0" },
		]);
		rig.attachment.hostReady();
		rig.tell({ name: "other0", isUp: false });
		rig.tell({ name: "third0", isUp: false });
		rig.tell({ name: "third0", isUp: true });
		rig.attachment.drainWatch();
		expect(rig.said.slice(3)).toMatchObject([
			{ kind: "tun-lost" },
			{ kind: "tun-renamed", to: "third0" },
			{ kind: "tun-opened", tunName: "third0" },
		]);
	});

	it("hands on what else changes: other links, its own MTU, and that events were lost", () => {
		rig.attachment.hostReady();
		rig.network.tell({
			kind: "route",
			family: 4,
			isDefault: true,
			interfaceIndex: 77,
			isDeleted: true,
		});
		rig.tell({ linkMtuBytes: 1_400 });
		rig.tell({ linkMtuBytes: 1_400 });
		rig.network.tell({ kind: "overrun" });
		rig.attachment.drainWatch();
		expect(rig.hostChanges.slice(-3)).toEqual([false, false, true]);
	});

	it("learns from a look what lost events would have told", () => {
		rig.attachment.hostReady();
		rig.attachment.linkSeen({ name: "tun0", isUp: false, linkMtuBytes: 1_500 });
		expect(rig.kinds()).toEqual(["tun-opened", "tun-lost"]);
		rig.attachment.linkSeen({ name: "tun0", isUp: true, linkMtuBytes: 1_500 });
		expect(rig.kinds()).toEqual(["tun-opened", "tun-lost", "tun-opened"]);
	});
});
