// The native addon as TypeScript sees it, and its loading: the one place that knows where the binary lies.

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { TunError } from "../errors.js";

/** An object that only native code looks into. */
export type Registered = object & { readonly __registered?: never };

/** Bits of the offload wish and finding (native/core/tun_device.h). */
export const OFFLOAD = {
	virtioHeader: 1,
	checksum: 2,
	tso4: 4,
	tso6: 8,
} as const;

/** Kinds of poller sources (native/binding/poller_binding.cc). */
export const SOURCE_KIND = { tun: 0, udp: 1, linkWatch: 2 } as const;
/** How a poller is tied to libuv's loop (native/binding/uv_poller.h). */
export const LOOP_TIE = { watched: 0, owner: 1 } as const;
export type SourceKind = (typeof SOURCE_KIND)[keyof typeof SOURCE_KIND];

/** One link event as native code makes it; which fields mean something depends on `kind`. */
export interface NativeLinkEvent {
	readonly kind: number;
	readonly interfaceIndex: number;
	readonly isDeleted: boolean;
	readonly name: string;
	readonly isUp: boolean;
	readonly isRunning: boolean;
	readonly linkMtuBytes: number;
	readonly family: number;
	readonly address: string;
	readonly isDefault: boolean;
}

/**
 * Functions of the addon. Those that open something return a small number, or -1 with errno and call in
 * `outcome[0]` and `outcome[1]`. What else they write into `outcome` stands with each in native/binding/.
 */
export interface NativeAddon {
	readonly outcome: Int32Array;
	openTun(name: string, offloadWish: number, arena: Uint8Array): number;
	tunName(slot: number): string;
	tunMtu(slot: number): number;
	readBatch(slot: number, batch: Registered, limit: number): number;
	writeTrains(slot: number, trains: Registered, count: number): number;
	closeTun(slot: number): void;
	registerPackets(
		arena: Uint8Array,
		regionOffset: number,
		regionLength: number,
		...arrays: (Int32Array | Uint8Array)[]
	): Registered;
	registerTrains(...arrays: Int32Array[]): Registered;
	openUdp(
		bind: Int32Array,
		connect: Int32Array,
		isDualStack: number,
		withOffloads: number,
		receiveBufferBytes: number,
		sendBufferBytes: number,
		arena: Uint8Array,
	): number;
	udpState(token: number): number;
	closeUdp(token: number): void;
	registerDatagrams(
		arena: Uint8Array,
		regionOffset: number,
		...arrays: Int32Array[]
	): Registered;
	receiveDatagrams(
		tokens: Int32Array,
		tokenCount: number,
		batch: Registered,
		limit: number,
	): number;
	sendTrains(
		trains: Registered,
		count: number,
		ownerSocket: Int32Array,
		endpoints: Int32Array | null,
	): number;
	/** @param tie LOOP_TIE. */
	openPoller(
		tie: number,
		readyTokens: Int32Array,
		readyFlags: Uint8Array,
	): number;
	pollerAdd(
		slot: number,
		kind: SourceKind,
		source: number,
		token: number,
	): number;
	pollerRemove(slot: number, kind: SourceKind, source: number): void;
	pollerPoll(slot: number): number;
	pollerStart(slot: number, onReady: (ready: number) => void): number;
	pollerNap(microseconds: number): void;
	/** @param core -1 for any. @returns 1 when it is so now. */
	keepThreadOn(core: number): number;
	pollerStop(slot: number): void;
	closePoller(slot: number): void;
	openLinkWatch(): number;
	drainLinkWatch(slot: number): NativeLinkEvent[];
	closeLinkWatch(slot: number): void;
	/** Decimal; "0" when the kernel tells none. */
	networkNamespaceCookie(): string;
	/** For differential tests: the checksum in host order, summed in pieces of `pieceLength`. */
	checksum(bytes: Uint8Array, pieceLength: number): number;
	/** For differential tests: the wire segments of a train, null when the header is none. */
	cutSegments(
		header: Uint8Array,
		payload: Uint8Array,
		segmentSize: number,
		isFinished: number,
		pieceLength: number,
	): Uint8Array[] | null;
	/** For differential tests: verdict in the low 16 bits, segment size above. */
	checkPacket(virtioHeader: Uint8Array, packet: Uint8Array): number;
}

const packageFolder = fileURLToPath(new URL("../..", import.meta.url));

function isNativeAddon(loaded: unknown): loaded is NativeAddon {
	return (
		typeof loaded === "object" &&
		loaded !== null &&
		"outcome" in loaded &&
		loaded.outcome instanceof Int32Array &&
		"sendTrains" in loaded &&
		"networkNamespaceCookie" in loaded
	);
}

function unavailable(message: string, cause?: unknown): TunError {
	return new TunError(
		{
			code: "ADDON_UNAVAILABLE",
			message,
			whatToDo:
				process.platform === "linux"
					? "Install a C++ compiler (Debian: apt-get install g++) and run `npm rebuild @tunscope/tun`."
					: "Run Tunscope's tunnels on Linux.",
			errno: 0,
			syscall: "",
		},
		{ cause },
	);
}

/** @throws TunError ADDON_UNAVAILABLE when there is no binary for this machine, or it does not load. */
export function loadAddon(): NativeAddon {
	let loaded: unknown;
	try {
		const load: unknown = createRequire(import.meta.url)("node-gyp-build");
		loaded = typeof load === "function" ? load(packageFolder) : undefined;
	} catch (cause) {
		throw unavailable("The native addon of @tunscope/tun is not here.", cause);
	}
	if (!isNativeAddon(loaded)) {
		throw unavailable(
			"The native addon of @tunscope/tun belongs to another version.",
		);
	}
	return loaded;
}
