// The TUN as we made it, and what others have done to it since: addresses taken away are given back, another MTU is followed.

import { configureTunLink, type Link, type TunLinkPlan } from "./links.js";
import type { RunCommand } from "./run-command.js";

/** RFC 8200 §5; below it the kernel takes IPv6 off the interface. */
const MIN_IPV6_LINK_MTU_BYTES = 1_280;
/** Another program that keeps taking addresses away is named once in this time. */
const NOTICE_INTERVAL_MS = 60_000;

export interface TunUpkeepOptions {
	readonly run: RunCommand;
	readonly onNotice: (message: string) => void;
	/** How the TUN is to be made for a link MTU towards the peers. */
	readonly planOf: (tunName: string, linkMtuBytes: number) => TunLinkPlan;
	readonly nowMs?: () => number;
}

export class TunUpkeep {
	readonly #options: TunUpkeepOptions;
	readonly #saidAtMs = new Map<string, number>();
	#madeLinkMtuBytes = 0;
	/** Set by somebody else; null while it is ours. */
	#foreignLinkMtuBytes: number | null = null;

	constructor(options: TunUpkeepOptions) {
		this.#options = options;
	}

	/** Addresses, MTU, group, up: for a TUN that is new, or up again. */
	async configure(tunName: string, linkMtuBytes: number): Promise<void> {
		const plan = this.#options.planOf(tunName, linkMtuBytes);
		await configureTunLink(this.#options.run, plan);
		this.#madeLinkMtuBytes = plan.linkMtuBytes;
		this.#foreignLinkMtuBytes = null;
	}

	/** What the kernel lets through the TUN towards us is a limit of the path too. */
	limit(linkMtuBytes: number): number {
		return Math.min(linkMtuBytes, this.#foreignLinkMtuBytes ?? linkMtuBytes);
	}

	/** Compares the TUN with how it was made, mends or follows, and says so. */
	async tend(link: Link, linkMtuBytes: number): Promise<void> {
		// Down: whoever did it will set it up, and then it is made anew.
		if (!link.isUp) return;
		const wanted = this.#options.planOf(link.name, linkMtuBytes);
		this.#noteLinkMtu(link);
		const foreign = this.#foreignLinkMtuBytes;
		const canIpv6 = link.linkMtuBytes >= MIN_IPV6_LINK_MTU_BYTES;
		const plan = {
			...wanted,
			linkMtuBytes: foreign ?? wanted.linkMtuBytes,
			ipv6: canIpv6 ? wanted.ipv6 : null,
		};
		const lost = lostAddresses(link, plan);
		const hasGrown = plan.linkMtuBytes !== link.linkMtuBytes;
		if (lost.length === 0 && !hasGrown) return;
		await configureTunLink(this.#options.run, plan);
		if (foreign === null) this.#madeLinkMtuBytes = plan.linkMtuBytes;
		if (lost.length > 0)
			this.#say(
				`The TUN ${link.name} had lost its address ${lost.join(" and ")}, by somebody else or with its MTU: given back.`,
			);
	}

	#noteLinkMtu({ name, linkMtuBytes }: Link): void {
		const before = this.#foreignLinkMtuBytes ?? this.#madeLinkMtuBytes;
		if (linkMtuBytes === before) return;
		const isOurs = linkMtuBytes === this.#madeLinkMtuBytes;
		this.#foreignLinkMtuBytes = isOurs ? null : linkMtuBytes;
		const fix = `ip link set dev ${name} mtu ${this.#madeLinkMtuBytes}`;
		const [change, meaning] = isOurs
			? ["is back at", "the link MTU is the path's again"]
			: linkMtuBytes > this.#madeLinkMtuBytes
				? ["was raised to", "it changes nothing, the path sets the link MTU"]
				: [
						"was lowered to",
						`the tunnel keeps within it and tells peers of its kind; larger datagrams from stock Phantun are lost (back: ${fix})`,
					];
		this.#say(
			`The MTU of the TUN ${name} ${change} ${linkMtuBytes} by somebody else: ${meaning}.`,
		);
	}

	#say(message: string): void {
		const nowMs = this.#options.nowMs?.() ?? performance.now();
		const saidMs = this.#saidAtMs.get(message) ?? Number.NEGATIVE_INFINITY;
		if (nowMs - saidMs < NOTICE_INTERVAL_MS) return;
		// Sentences differ by numbers that others choose.
		if (this.#saidAtMs.size > 100) this.#saidAtMs.clear();
		this.#saidAtMs.set(message, nowMs);
		this.#options.onNotice(message);
	}
}

function lostAddresses(
	{ addresses }: Link,
	{ local4, ipv6 }: TunLinkPlan,
): readonly string[] {
	const present = new Set(addresses.map(({ address }) => address));
	const wanted = ipv6 === null ? [local4] : [local4, ipv6.local];
	return wanted.filter((address) => !present.has(canonical(address)));
}

/** As the kernel writes it: an IPv6 address may have been given in another form. */
function canonical(address: string): string {
	if (!address.includes(":")) return address;
	return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
