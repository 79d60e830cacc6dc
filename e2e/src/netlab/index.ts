// The namespace lab: hosts, links, referee, processes, residue; used by the tests, the benchmark and the demo.

export {
	leaveSignalsToProgram,
	registerCleanup,
	runCleanups,
} from "./cleanup.js";
export {
	createLab,
	type Lab,
	type LabHost,
	type LabOptions,
	withLab,
} from "./lab.js";
export {
	type ExitOutcome,
	type LabProcess,
	type StartOptions,
	startInNamespace,
} from "./lab-process.js";
export type { LinkProfile } from "./link-profile.js";
export { type Namespace, removeStaleNamespaces } from "./namespace.js";
export {
	cpuTimeMs,
	deviceNames,
	hasUdpPort,
	openDescriptors,
	residentBytes,
	udpReceiveBufferDrops,
} from "./process-probe.js";
export type { InvalidCounts, RefereeMode } from "./referee.js";
export { type HostSnapshot, residueBetween, snapshotHost } from "./residue.js";
export { CommandError, runCommand } from "./run-command.js";
export { type StockLikeProgram, stockLikeTunnel } from "./stock-like-tunnel.js";
export {
	CLIENT_TUN,
	type ClientOptions,
	type Family,
	hostAndPort,
	SERVER_TUN,
	type ServerOptions,
	type TunnelEnd,
	type TunnelKind,
} from "./tunnel-options.js";
export {
	ours,
	oursBuiltIn,
	startClientOnTerminal,
	type TerminalSize,
	tunscopeArgv,
	whyNoDaemon,
} from "./tunscope-tunnel.js";
export { DeadlineError, pauseMs, waitUntil } from "./wait-until.js";
