// One epoll descriptor, watched by this thread's event loop.

import { invariant } from "../invariant.js";
import type { LinkWatch } from "../link-watch.js";
import type { Poller, PollerOptions } from "../packet-io.js";
import type { TunDevice } from "../tun-device.js";
import type { UdpSocket } from "../udp-socket.js";
import {
	LOOP_TIE,
	type NativeAddon,
	SOURCE_KIND,
	type SourceKind,
} from "./addon.js";
import { NativeLinkWatch } from "./native-link-watch.js";
import { NativeTun } from "./native-tun.js";
import { NativeUdp } from "./native-udp.js";
import { translateFailure } from "./system-failure.js";

/** More ready sources than this are reported by the next poll. */
const READY_CAPACITY = 1_024;

type Source = TunDevice | UdpSocket | LinkWatch;

/** A source as native code knows it: -1 when closed. */
function identify(source: Source): { kind: SourceKind; slot: number } {
	if (source instanceof NativeTun) {
		return { kind: SOURCE_KIND.tun, slot: source.slot };
	}
	if (source instanceof NativeUdp) {
		return { kind: SOURCE_KIND.udp, slot: source.isOpen ? source.token : -1 };
	}
	invariant(
		source instanceof NativeLinkWatch,
		"The source was not opened by this factory.",
	);
	return { kind: SOURCE_KIND.linkWatch, slot: source.slot };
}

export class NativePoller implements Poller {
	readonly readyTokens = new Int32Array(
		new SharedArrayBuffer(READY_CAPACITY * Int32Array.BYTES_PER_ELEMENT),
	);
	readonly readyFlags = new Uint8Array(new SharedArrayBuffer(READY_CAPACITY));
	readonly #addon: NativeAddon;
	#slot: number;

	constructor(addon: NativeAddon, { ownsThread = false }: PollerOptions) {
		this.#addon = addon;
		this.#slot = addon.openPoller(
			ownsThread ? LOOP_TIE.owner : LOOP_TIE.watched,
			this.readyTokens,
			this.readyFlags,
		);
		if (this.#slot < 0) {
			throw this.#failure("open a poller");
		}
	}

	add(source: Source, token: number): void {
		invariant(Number.isInteger(token), "A token is a whole number.");
		const { kind, slot } = identify(source);
		if (this.#addon.pollerAdd(this.#slot, kind, slot, token) < 0) {
			throw this.#failure("watch a source");
		}
	}

	remove(source: Source): void {
		const { kind, slot } = identify(source);
		this.#addon.pollerRemove(this.#slot, kind, slot);
	}

	poll(): number {
		return this.#addon.pollerPoll(this.#slot);
	}

	nap(microseconds: number): void {
		this.#addon.pollerNap(microseconds);
	}

	keepThreadOn(core: number | null): boolean {
		return this.#addon.keepThreadOn(core ?? -1) === 1;
	}

	start(onReady: (ready: number) => void): void {
		if (this.#addon.pollerStart(this.#slot, onReady) < 0) {
			throw this.#failure("start a poller");
		}
	}

	stop(): void {
		this.#addon.pollerStop(this.#slot);
	}

	close(): void {
		this.#addon.closePoller(this.#slot);
		this.#slot = -1;
	}

	#failure(action: string) {
		const [errno = 0, syscall = 0] = this.#addon.outcome;
		return translateFailure(action, errno, syscall);
	}
}
