// A tunnel's host set-up together with its watch on the firewalls of others: looks after every set-up, closes before the undoing.

import type { HostSetup, OpenedTun } from "../host-setup.js";
import { SystemError } from "../system-error.js";
import type { ForeignFirewall } from "./foreign-firewall.js";
import type { TunnelPlace } from "./tunnel-packet.js";

export interface GuardedHostOptions {
	readonly host: Pick<
		HostSetup,
		"configureTun" | "refresh" | "checkForwarding" | "undo" | "place"
	>;
	readonly foreign: ForeignFirewall;
	/** --allow-foreign-firewall: the tunnel waits until the way is open. */
	readonly isAllowed: boolean;
	readonly onNotice: (message: string) => void;
}

export class GuardedHost {
	readonly #options: GuardedHostOptions;
	#isUndone = false;
	/** Said once, not at every look. */
	#lastTrouble = "";
	/** Looks run one after another. */
	#queue: Promise<void> = Promise.resolve();

	constructor(options: GuardedHostOptions) {
		this.#options = options;
	}

	async configureTun(tunName: string): Promise<OpenedTun> {
		const { host, foreign, isAllowed } = this.#options;
		const opened = await host.configureTun(tunName);
		const look = this.#look((place) => foreign.look(place));
		// A tunnel that only gets advice need not wait for it.
		if (isAllowed) await look;
		return opened;
	}

	async refresh(): ReturnType<HostSetup["refresh"]> {
		const { host, foreign } = this.#options;
		const seen = await host.refresh();
		void this.#look((place) => foreign.lookAgain(place));
		return seen;
	}

	checkForwarding(): Promise<void> {
		return this.#options.host.checkForwarding();
	}

	/** To be called when a handshake got no answer. */
	handshakeFailed(): void {
		const { foreign } = this.#options;
		void this.#look((place) => foreign.handshakeFailed(place));
	}

	/** Idempotent. */
	async undo(): Promise<void> {
		const { host, foreign, onNotice } = this.#options;
		this.#isUndone = true;
		await this.#queue;
		try {
			// Before the instance leaves the record, which lists these rules.
			await foreign.close();
		} catch (error) {
			if (!(error instanceof SystemError)) throw error;
			onNotice(
				`A rule in a foreign firewall could not be removed: ${error.message}`,
			);
		} finally {
			await host.undo();
		}
	}

	/** Advice that cannot be had is no reason to fail. */
	#look(work: (place: TunnelPlace) => Promise<void>): Promise<void> {
		const { host, onNotice } = this.#options;
		this.#queue = this.#queue.then(async () => {
			const place = host.place();
			if (this.#isUndone || place === null) return;
			try {
				await work(place);
			} catch (error) {
				if (!(error instanceof SystemError)) throw error;
				const notice = `Other firewalls could not be looked at: ${error.message}`;
				if (notice !== this.#lastTrouble) onNotice(notice);
				this.#lastTrouble = notice;
			}
		});
		return this.#queue;
	}
}
