// Link, address and route changes from the kernel's route netlink socket.

import { invariant } from "../invariant.js";
import type { LinkEvent, LinkWatch, LinkWatchOptions } from "../link-watch.js";
import type { NativeAddon, NativeLinkEvent } from "./addon.js";
import { translateFailure } from "./system-failure.js";

/** LinkEventKind in native/core/route_messages.h. */
const EVENT_KIND = { link: 0, address: 1, route: 2, overrun: 3 } as const;

function linkEvent(event: NativeLinkEvent): LinkEvent {
	const { interfaceIndex, isDeleted } = event;
	const family = event.family === 4 ? 4 : 6;
	switch (event.kind) {
		case EVENT_KIND.link: {
			const { name, isUp, isRunning, linkMtuBytes } = event;
			return {
				kind: "link",
				interfaceIndex,
				name,
				isUp,
				isRunning,
				linkMtuBytes,
				isDeleted,
			};
		}
		case EVENT_KIND.address: {
			const { address } = event;
			return { kind: "address", interfaceIndex, family, address, isDeleted };
		}
		case EVENT_KIND.route: {
			const { isDefault } = event;
			return { kind: "route", family, isDefault, interfaceIndex, isDeleted };
		}
		default:
			invariant(event.kind === EVENT_KIND.overrun, "An unknown link event.");
			return { kind: "overrun" };
	}
}

export class NativeLinkWatch implements LinkWatch {
	/** What native code calls this watch; -1 once closed. */
	slot: number;
	readonly #addon: NativeAddon;
	readonly #onEvent: (event: LinkEvent) => void;

	constructor(addon: NativeAddon, options: LinkWatchOptions) {
		invariant(
			typeof options.onEvent === "function",
			'"onEvent" is a function.',
		);
		this.#addon = addon;
		this.#onEvent = options.onEvent;
		this.slot = addon.openLinkWatch();
		if (this.slot < 0) {
			const [errno = 0, syscall = 0] = addon.outcome;
			throw translateFailure("watch the links", errno, syscall);
		}
	}

	drain(): void {
		for (const event of this.#addon.drainLinkWatch(this.slot)) {
			this.#onEvent(linkEvent(event));
		}
	}

	close(): void {
		if (this.slot >= 0) {
			this.#addon.closeLinkWatch(this.slot);
			this.slot = -1;
		}
	}
}
