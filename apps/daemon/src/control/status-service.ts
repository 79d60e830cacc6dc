// Keeps an instance's status within reach while it runs: rates, the control socket, and SIGUSR1.

import type { TunnelDescription } from "@tunscope/shared/lean";
import { errnoNameOf } from "../system/system-error.js";
import { ControlServer } from "./control-server.js";
import type { InstanceStatus } from "./instance-status.js";
import type { Respond } from "./serve-connection.js";

export interface StatusServiceOptions {
	readonly status: InstanceStatus;
	readonly respond: Respond;
	/** Folder of this network namespace in the run-time directory. */
	readonly directory: string;
	readonly pid: number;
	/** The socket could not be made or removed: tunnels run all the same. Not for want of a right, which ends the start. */
	readonly onSocketError: (error: unknown) => void;
	/** SIGUSR1 asked for one line per tunnel. */
	readonly onLinesWanted: (tunnels: readonly TunnelDescription[]) => void;
}

export interface StatusService {
	/** Never rejects. Idempotent. */
	stop(): Promise<void>;
}

const UNWRITABLE: readonly (string | null)[] = ["EACCES", "EPERM", "EROFS"];

/** Never rejects. */
export async function startStatusService(
	options: StatusServiceOptions,
): Promise<StatusService> {
	const { status, respond, directory, pid, onSocketError, onLinesWanted } =
		options;
	const onSignal = () =>
		void status
			.describe()
			.then(({ tunnels }) => onLinesWanted(tunnels), onSocketError);
	process.on("SIGUSR1", onSignal);
	status.start();
	let server: ControlServer | null = null;
	try {
		server = await ControlServer.open({ directory, pid, respond });
	} catch (error) {
		// The record of changed settings needs the same folder, and says what to do in one sentence.
		if (!UNWRITABLE.includes(errnoNameOf(error))) onSocketError(error);
	}
	return {
		stop: async () => {
			status.stop();
			await server?.close().catch(onSocketError);
			server = null;
		},
	};
}
