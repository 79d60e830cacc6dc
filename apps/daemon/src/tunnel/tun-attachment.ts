// The TUN device of a worker: opened, lost, opened again; down and up; told to the main thread each time.

import {
	type LinkEvent,
	type LinkWatch,
	type PacketIo,
	type Poller,
	type TunDevice,
	TunError,
} from "@tunscope/tun";
import type { FromWorker } from "./worker-protocol.js";

export const TUN_TOKEN = -1;
export const LINK_WATCH_TOKEN = -2;
const REOPEN_INTERVAL_MS = 500;

export interface TunAttachmentOptions {
	readonly io: PacketIo;
	readonly poller: Poller;
	readonly arena: Uint8Array;
	readonly requestedName: string;
	readonly post: (message: FromWorker) => void;
	/** The device that may be used now; null while it is down or gone. */
	readonly onDevice: (tun: TunDevice | null) => void;
	readonly onLinkMtu: (linkMtuBytes: number) => void;
	/** Something else than the TUN's own state changed, or (overrun) what changed is not known. */
	readonly onHostChange: (isOverrun: boolean) => void;
}

export class TunAttachment {
	readonly #options: TunAttachmentOptions;
	#tun: TunDevice | null = null;
	#watch: LinkWatch | null = null;
	/** Kept across re-creations, so that rules which name the device stay right. */
	#name: string;
	#isUp = false;
	#linkMtuBytes = 0;
	/** As last seen; a device that nothing was heard of is what the main thread has made it. */
	#isLinkUp = true;
	/** `tun-opened` was said and `host-ready` has not come yet: the main thread itself brings the device up now. */
	#awaitsHost = false;
	#wasLost = false;
	#reopenTimer: NodeJS.Timeout | null = null;

	constructor(options: TunAttachmentOptions) {
		this.#options = options;
		this.#name = options.requestedName;
	}

	/** Opens the device and the watch. Throws TunError when the world does not allow it. */
	start(): void {
		this.#open();
		const { io, poller } = this.#options;
		this.#watch = io.openLinkWatch({
			onEvent: (event) => this.#linkEvent(event),
		});
		poller.add(this.#watch, LINK_WATCH_TOKEN);
	}

	/** The main thread has set addresses and routes: the device may carry. */
	hostReady(): void {
		// Events from before the device was up may still be waiting; they are not somebody else's doing.
		this.#watch?.drain();
		this.#awaitsHost = false;
		if (this.#tun === null || this.#isUp) return;
		if (!this.#isLinkUp) return this.#lost("down");
		this.#isUp = true;
		// Not earlier: what arrives before anybody reads would wake the poller for nothing.
		this.#options.poller.add(this.#tun, TUN_TOKEN);
		this.#options.onDevice(this.#tun);
		this.#options.onLinkMtu(this.#tun.linkMtuBytes());
		if (!this.#wasLost) return;
		this.#wasLost = false;
		this.#options.post({ kind: "tun-restored" });
	}

	drainWatch(): void {
		this.#watch?.drain();
	}

	/** The descriptor is dead (EBADFD): close it, or the poller spins, and open the device again. */
	gone(): void {
		if (this.#tun === null) return;
		this.#release();
		this.#lost("deleted");
		this.#reopen();
	}

	/** Idempotent. */
	stop(): void {
		if (this.#reopenTimer !== null) clearTimeout(this.#reopenTimer);
		this.#reopenTimer = null;
		this.#watch?.close();
		this.#watch = null;
		this.#release();
	}

	#open(): void {
		const { io, arena } = this.#options;
		const tun = io.openTun({ name: this.#name, arena });
		this.#tun = tun;
		this.#name = tun.name;
		this.#linkMtuBytes = tun.linkMtuBytes();
		this.#isLinkUp = true;
		this.#announce();
	}

	#announce(): void {
		const tun = this.#tun;
		if (tun === null) return;
		this.#awaitsHost = true;
		this.#options.post({
			kind: "tun-opened",
			tunName: this.#name,
			interfaceIndex: tun.interfaceIndex,
			offloads: tun.offloads,
		});
	}

	#release(): void {
		if (this.#tun === null) return;
		this.#options.poller.remove(this.#tun);
		this.#tun.close();
		this.#tun = null;
		this.#isUp = false;
		this.#options.onDevice(null);
	}

	#reopen(): void {
		try {
			this.#open();
		} catch (error) {
			if (!(error instanceof TunError)) throw error;
			this.#reopenTimer = setTimeout(() => this.#reopen(), REOPEN_INTERVAL_MS);
		}
	}

	#lost(cause: "deleted" | "down"): void {
		this.#wasLost = true;
		this.#options.post({ kind: "tun-lost", cause });
	}

	#linkEvent(event: LinkEvent): void {
		const isOwn =
			event.kind === "link" &&
			event.interfaceIndex === this.#tun?.interfaceIndex;
		if (!isOwn) return this.#options.onHostChange(event.kind === "overrun");
		if (event.isDeleted) return this.gone();
		this.linkSeen(event);
	}

	/** The device is so: from the kernel's events, or from a look after some of them were lost. */
	linkSeen(link: {
		readonly name: string;
		readonly isUp: boolean;
		readonly linkMtuBytes: number;
	}): void {
		const tun = this.#tun;
		if (tun === null) return;
		this.#options.onLinkMtu(link.linkMtuBytes);
		if (link.linkMtuBytes !== this.#linkMtuBytes) {
			this.#linkMtuBytes = link.linkMtuBytes;
			this.#options.onHostChange(false);
		}
		this.#isLinkUp = link.isUp;
		if (link.name !== this.#name) this.#renamed(link.name);
		if (!link.isUp && this.#isUp) {
			this.#isUp = false;
			this.#options.poller.remove(tun);
			this.#options.onDevice(null);
			this.#lost("down");
			return;
		}
		if (!link.isUp || this.#isUp || this.#awaitsHost) return;
		// Up again: IPv6 addresses and routes went with it, so the main thread sets the device up anew.
		this.#announce();
	}

	/** Rules name the device: they have to be made for the new name, while the device carries on. */
	#renamed(name: string): void {
		const from = this.#name;
		this.#name = name;
		this.#options.post({ kind: "tun-renamed", from, to: name });
		// A device that is down is announced when it is up.
		if (this.#isUp) this.#announce();
	}
}
