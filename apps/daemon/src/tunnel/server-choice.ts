// Client role: which of the server's addresses new flows go to. What answered last is asked first; what fails, last.

import type { Flow, IpAddress } from "@tunscope/fake-tcp";
import { checkedIpAddress } from "./endpoint-text.js";
import type { ResolvedAddress } from "./worker-protocol.js";

export interface Server {
	readonly text: string;
	readonly address: IpAddress;
	readonly port: number;
}

export class ServerChoice {
	#servers: readonly Server[];
	#current: Server;

	/** @param remotes at least one, the most promising first. */
	constructor(remotes: readonly ResolvedAddress[]) {
		[this.#servers, this.#current] = serversOf(remotes, null);
	}

	/** Where new flows go. */
	get current(): Server {
		return this.#current;
	}

	get count(): number {
		return this.#servers.length;
	}

	/** The name leads elsewhere now. The present choice stays when it is among the new ones. */
	replace(remotes: readonly ResolvedAddress[]): void {
		if (remotes.length === 0) return;
		[this.#servers, this.#current] = serversOf(remotes, this.#current);
	}

	/** The one that a flow goes to; undefined when it is no longer among them. */
	ofFlow(flow: Flow): Server | undefined {
		return this.#servers.find((server) => isOf(flow, server));
	}

	/** The one to try after the one that a flow goes to. */
	after(flow: Flow): Server {
		const index = this.#servers.findIndex((server) => isOf(flow, server));
		const next = this.#servers[(index + 1) % this.#servers.length];
		return index === -1 || next === undefined ? this.#current : next;
	}

	/** A handshake got no answer or a refusal. Ten flows that fail together move the choice on by one. */
	failed(flow: Flow): void {
		if (isOf(flow, this.#current)) this.#current = this.after(flow);
	}

	/** A handshake went through. */
	answered(flow: Flow): void {
		this.#current = this.ofFlow(flow) ?? this.#current;
	}
}

function serversOf(
	remotes: readonly ResolvedAddress[],
	present: Server | null,
): [readonly Server[], Server] {
	const servers = remotes.map(({ address, port }) => ({
		text: address,
		address: checkedIpAddress(address),
		port,
	}));
	const same = servers.find(
		({ text, port }) => text === present?.text && port === present.port,
	);
	const [first] = servers;
	if (first === undefined) throw new Error("a client has a server");
	return [servers, same ?? first];
}

function isOf(flow: Flow, { address, port }: Server): boolean {
	if (flow.remotePort !== port || flow.family !== address.family) return false;
	return address.words.every((word, index) => flow.key[index] === (word | 0));
}
