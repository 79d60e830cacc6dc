// The world of in-memory sockets and TUN devices: which addresses exist, who is bound where, which TUNs are joined.

import { isIP } from "node:net";
import { invariant } from "../invariant.js";
import type { LinkEvent } from "../link-watch.js";
import { failWithoutCall } from "../native/system-failure.js";
import type { TunDevice } from "../tun-device.js";
import type { SocketAddress } from "../udp-socket.js";
import type { MemoryLinkWatch } from "./memory-link-watch.js";
import { MemoryTun } from "./memory-tun.js";
import type {
	BoundSocket,
	MemoryMessage,
	MessageRouter,
} from "./message-router.js";

const FIRST_EPHEMERAL_PORT = 32_768;
const LAST_EPHEMERAL_PORT = 60_999;
const MAX_TUN_NUMBER = 1_000;

function memoryTun(tun: TunDevice): MemoryTun {
	invariant(tun instanceof MemoryTun, "The device is not one in memory.");
	return tun;
}

function isWildcard(address: string): boolean {
	return address === "0.0.0.0" || address === "::";
}

/**
 * Several factories may share one network, as a client's and a server's worker share a kernel. Everything is
 * synchronous: what is sent is in the receiver's queue when the call returns.
 */
export class MemoryNetwork implements MessageRouter {
	readonly #addresses = new Set(["127.0.0.1", "::1"]);
	readonly #sockets = new Set<BoundSocket>();
	readonly #tuns = new Map<string, MemoryTun>();
	readonly #watches = new Set<MemoryLinkWatch>();
	#nextInterfaceIndex = 2;
	#nextPort = FIRST_EPHEMERAL_PORT;

	/** Makes `address` one that sockets may bind to. */
	addLocalAddress(address: string): void {
		invariant(isIP(address) !== 0, `${address} is not an address.`);
		this.#addresses.add(address);
	}

	/** Joins two TUN devices: what is written to one is read from the other. */
	connectTuns(left: TunDevice, right: TunDevice): void {
		const [one, other] = [memoryTun(left), memoryTun(right)];
		one.peer = other;
		other.peer = one;
	}

	/** Makes `packet` (a whole IP packet, checksums finished) the next thing read from `tun`. */
	inject(tun: TunDevice, packet: Uint8Array): void {
		const bytes = packet.slice();
		memoryTun(tun).enqueue({ bytes, segmentSize: 0, isChecksumPartial: false });
	}

	/**
	 * Makes a super-segment the next thing read from `tun`, as the kernel's GRO would: `packet` is one IP packet
	 * of several segments of `segmentSize` payload bytes.
	 */
	injectTrain(tun: TunDevice, packet: Uint8Array, segmentSize: number): void {
		const bytes = packet.slice();
		memoryTun(tun).enqueue({ bytes, segmentSize, isChecksumPartial: true });
	}

	/** Takes what was written to an unconnected `tun`: wire segments with finished checksums, oldest first. */
	takeWritten(tun: TunDevice): Uint8Array[] {
		return memoryTun(tun).outbox.splice(0);
	}

	/** As `ip link set down`/`up`: writes fail with EIO, nothing arrives. Tells the link watches. */
	setTunDown(tun: TunDevice, isDown: boolean): void {
		memoryTun(tun).isDown = isDown;
		this.#tellAbout(memoryTun(tun), false);
	}

	/** As `ip link set mtu`. Tells the link watches. */
	setTunLinkMtu(tun: TunDevice, linkMtuBytes: number): void {
		memoryTun(tun).currentLinkMtuBytes = linkMtuBytes;
		this.#tellAbout(memoryTun(tun), false);
	}

	/** As `ip link delete`: reads give -1, the poller reports an error for ever. Tells the link watches. */
	deleteTun(tun: TunDevice): void {
		const deleted = memoryTun(tun);
		deleted.isGone = true;
		this.#tuns.delete(deleted.name);
		deleted.wake();
		this.#tellAbout(deleted, true);
	}

	/** Hands `event` to every link watch on this network. */
	tell(event: LinkEvent): void {
		for (const watch of this.#watches) {
			watch.push(event);
		}
	}

	addWatch(watch: MemoryLinkWatch): void {
		this.#watches.add(watch);
	}

	removeWatch(watch: MemoryLinkWatch): void {
		this.#watches.delete(watch);
	}

	/** @returns the name a new TUN gets, and its interface index. */
	nameTun(wanted: string): { name: string; interfaceIndex: number } {
		const name = wanted.includes("%d") ? this.#freeName(wanted) : wanted;
		if (this.#tuns.has(name)) {
			throw failWithoutCall("NAME_IN_USE", `The name ${name} is taken.`);
		}
		const interfaceIndex = this.#nextInterfaceIndex;
		this.#nextInterfaceIndex += 1;
		return { name, interfaceIndex };
	}

	addTun(tun: MemoryTun): void {
		this.#tuns.set(tun.name, tun);
	}

	removeTun(tun: MemoryTun): void {
		if (this.#tuns.get(tun.name) === tun) {
			this.#tuns.delete(tun.name);
			this.#tellAbout(tun, true);
		}
		if (tun.peer !== null) {
			tun.peer.peer = null;
			tun.peer = null;
		}
	}

	bind(socket: BoundSocket, wanted: SocketAddress): SocketAddress {
		const { family, address } = wanted;
		if (!isWildcard(address) && !this.isLocal(address)) {
			throw failWithoutCall(
				"ADDRESS_NOT_AVAILABLE",
				`${address} is not an address of this network.`,
			);
		}
		const port = wanted.port === 0 ? this.#freePort() : wanted.port;
		const bound = { family, address, port };
		if ([...this.#sockets].some((other) => other.blocks(bound))) {
			throw failWithoutCall("ADDRESS_IN_USE", `Port ${port} is taken.`);
		}
		this.#sockets.add(socket);
		return bound;
	}

	unbind(socket: BoundSocket): void {
		this.#sockets.delete(socket);
	}

	isLocal(address: string): boolean {
		return address.startsWith("127.") || this.#addresses.has(address);
	}

	deliver(message: MemoryMessage): boolean {
		let best: BoundSocket | null = null;
		let bestScore = 0;
		for (const socket of this.#sockets) {
			const score = socket.score(message);
			if (score > bestScore) {
				best = socket;
				bestScore = score;
			}
		}
		best?.enqueue(message);
		return best !== null || !this.isLocal(message.to.address);
	}

	#freePort(): number {
		const taken = new Set(
			[...this.#sockets].map((socket) => socket.localAddress.port),
		);
		const room = LAST_EPHEMERAL_PORT - FIRST_EPHEMERAL_PORT + 1;
		for (let tried = 0; tried < room; tried += 1) {
			const port = this.#nextPort;
			this.#nextPort =
				port === LAST_EPHEMERAL_PORT ? FIRST_EPHEMERAL_PORT : port + 1;
			if (!taken.has(port)) {
				return port;
			}
		}
		throw failWithoutCall("ADDRESS_IN_USE", "All ephemeral ports are taken.");
	}

	#freeName(pattern: string): string {
		for (let number = 0; number < MAX_TUN_NUMBER; number += 1) {
			const name = pattern.replace("%d", String(number));
			if (!this.#tuns.has(name)) {
				return name;
			}
		}
		throw failWithoutCall("NAME_IN_USE", `All names ${pattern} are taken.`);
	}

	#tellAbout(tun: MemoryTun, isDeleted: boolean): void {
		const isUp = !tun.isDown && !isDeleted;
		this.tell({
			kind: "link",
			interfaceIndex: tun.interfaceIndex,
			name: tun.name,
			isUp,
			isRunning: isUp,
			linkMtuBytes: tun.currentLinkMtuBytes,
			isDeleted,
		});
	}
}
