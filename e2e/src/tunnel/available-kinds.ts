// Which implementations can take part in a pairing on this machine, and why the others cannot.

import { doubleProgram } from "../interop/double-program.js";
import { ensurePhantun } from "../interop/genuine-phantun.js";
import { stockLikeTunnel } from "../netlab/stock-like-tunnel.js";
import type { TunnelKind } from "../netlab/tunnel-options.js";
import { ours, whyNoDaemon } from "../netlab/tunscope-tunnel.js";

export type KindName = TunnelKind["name"];

export interface AvailableKinds {
	/** @throws Error with the reason when the kind cannot run here. */
	get(name: KindName): TunnelKind;
	/** Null when the kind can run, else the reason. */
	whyNot(name: KindName): string | null;
}

let found: Promise<AvailableKinds> | null = null;

/** Looks once per test file; may build genuine Phantun, so give the hook some minutes. */
export function findKinds(): Promise<AvailableKinds> {
	found ??= lookForKinds();
	return found;
}

async function lookForKinds(): Promise<AvailableKinds> {
	const say = (line: string) => process.stdout.write(`${line}\n`);
	const phantun = await ensurePhantun(say);
	const noDaemon = whyNoDaemon();
	// The daemon is what is tested: without it there is nothing to skip to.
	if (noDaemon !== null) throw new Error(noDaemon);
	const kinds = new Map<KindName, TunnelKind>([
		["ours", ours],
		["double", stockLikeTunnel(doubleProgram)],
	]);
	if (phantun.isPresent) kinds.set("stock", stockLikeTunnel(phantun.program));
	const whyNot = (name: KindName) => {
		if (kinds.has(name)) return null;
		return phantun.isPresent ? `${name} is unknown` : phantun.reason;
	};
	return {
		whyNot,
		get: (name) => {
			const kind = kinds.get(name);
			if (kind === undefined) throw new Error(whyNot(name) ?? name);
			return kind;
		},
	};
}

/** A minute to spare for everything but a first build of Phantun. */
export const FIND_KINDS_TIMEOUT_MS = 16 * 60_000;
