// `tunscope check`: is the file right, what would each tunnel change on this host, what would a reload change.

import { resolve } from "node:path";
import type { TunnelRequest } from "@tunscope/shared";
import type { Environment } from "../config/environment.js";
import { loadConfigFile } from "../config/load-config-file.js";
import { askInstances } from "../control/ask-instances.js";
import { lookAround } from "../instance/look-around.js";
import { planTuns, withoutTuns } from "../instance/plan-tuns.js";
import { controlDirectoryIn } from "../system/control-socket-files.js";
import type { HostChange } from "../system/dry-host.js";
import { rehearse } from "../system/host-setup-script.js";
import { checkHost } from "../system/preflight.js";
import { runCommand } from "../system/run-command.js";
import { createSysctlFiles, sysctlName } from "../system/sysctl-files.js";
import { toFailure } from "../tunnel/failure.js";
import { EXIT, type ExitCode, exitCodeOfError } from "./exit-codes.js";
import type { FileQuestion } from "./file-commands.js";
import { gatherForScript } from "./print-host-setup.js";
import { fingerprintsOf } from "./request-fingerprint.js";
import { openTunMemory } from "./state-directory.js";

type CheckQuestion = Extract<FileQuestion, { readonly kind: "check" }>;

/** What an instance with this file runs now. */
interface Running {
	readonly pid: number;
	readonly fingerprints: Readonly<Record<string, string>>;
	readonly tunNames: ReadonlySet<string>;
}

/**
 * Prints to standard output. Not 0 when a tunnel could not start now: the code with which its start would end.
 * @throws ConfigFileError, SystemError
 */
export async function runCheck(
	question: CheckQuestion,
	environment: Environment,
): Promise<ExitCode> {
	const config = loadConfigFile(question.configPath);
	if (question.isQuiet) return EXIT.ok;
	const { requests } = config;
	const report: string[] = [];
	const print = (line: string) => report.push(line);
	const count =
		requests.length === 1 ? "1 tunnel" : `${requests.length} tunnels`;
	print(`${config.path} is right: ${count}.`);
	const running = await findRunning(resolve(config.path), environment);
	print(againstRunning(requests, running));
	const memory = openTunMemory(question, { environment, config }, print);
	const tuns = planTuns(
		requests,
		withoutTuns(
			await lookAround(runCommand, []),
			running?.tunNames ?? new Set(),
		),
		(name) => memory.recall(name),
	);
	let code: ExitCode = EXIT.ok;
	for (const request of requests) {
		const tun = tuns.get(request.config.name) ?? request.config.tun;
		print("");
		// What runs already has its port and its name in use by itself.
		const isNew = running?.fingerprints[request.config.name] === undefined;
		const { lines, failureCode } = await describeTunnel(isNew, {
			...request.config,
			tun,
		});
		for (const line of lines) print(line);
		if (failureCode !== null && code === EXIT.ok)
			code = exitCodeOfError(failureCode);
	}
	// One write: a reader that has seen enough, such as head, must not make the next one fail.
	process.stdout.write(`${report.join("\n")}\n`);
	return code;
}

async function describeTunnel(
	isNew: boolean,
	config: TunnelRequest["config"],
): Promise<{
	readonly lines: readonly string[];
	readonly failureCode: string | null;
}> {
	const { name, role, listen, remote, tun, ipv4Only, hostSetup } = config;
	const from =
		role === "client" ? at(listen.address, listen.port) : `port ${listen.port}`;
	const ipv6 = ipv4Only ? "" : `, ${tun.local6} and ${tun.peer6}`;
	const head = [
		`${name}: ${role}, ${from} → ${at(remote.host, remote.port)}`,
		`  TUN ${tun.name} with ${tun.local4} and ${tun.peer4}${ipv6}`,
	];
	try {
		if (isNew) await checkHost(runCommand, config);
		const input = await gatherForScript(config);
		if (hostSetup === "off")
			return {
				lines: [...head, "  host-setup is off: rules and settings are yours"],
				failureCode: null,
			};
		const notes: string[] = [];
		const { make } = await rehearse(input, tun.name, (note) =>
			notes.push(`  note: ${note}`),
		);
		return {
			lines: [...head, ...make.flatMap(describeChange), ...notes],
			failureCode: null,
		};
	} catch (error) {
		const { code, message, whatToDo } = toFailure(error);
		return { lines: [...head, `  ${message} ${whatToDo}`], failureCode: code };
	}
}

function describeChange(change: HostChange): string[] {
	if (change.kind === "rules")
		return [`  nft table inet ${change.plan.tableName}`];
	if (change.kind !== "setting") return [];
	const before = createSysctlFiles().read(change.key) ?? "not there yet";
	return [`  ${sysctlName(change.key)}: ${before} → ${change.value}`];
}

async function findRunning(
	configPath: string,
	environment: Environment,
): Promise<Running | null> {
	const answers = await askInstances(
		controlDirectoryIn(environment.runtimeDirectory),
	);
	for (const answer of answers) {
		if (answer.kind !== "answered") continue;
		const { pid, configFile, tunnels } = answer.instance;
		if (configFile?.path !== configPath) continue;
		return {
			pid,
			fingerprints: configFile.fingerprints,
			tunNames: new Set(tunnels.flatMap(({ tun }) => tun.name ?? [])),
		};
	}
	return null;
}

function againstRunning(
	requests: readonly TunnelRequest[],
	running: Running | null,
): string {
	if (running === null)
		return "No instance runs with this file: all of them would start.";
	const { pid, fingerprints } = running;
	const wanted = fingerprintsOf(requests);
	const names = Object.keys(wanted);
	const before = Object.keys(fingerprints);
	const groups = {
		start: names.filter((name) => !before.includes(name)),
		restart: names.filter(
			(name) => before.includes(name) && wanted[name] !== fingerprints[name],
		),
		stop: before.filter((name) => !names.includes(name)),
		"run on": names.filter((name) => wanted[name] === fingerprints[name]),
	};
	const parts = Object.entries(groups).flatMap(([what, list]) =>
		list.length === 0 ? [] : [`${what}: ${list.join(", ")}`],
	);
	return `Process ${pid} runs with this file; SIGHUP would make these ${parts.join("; ")}.`;
}

function at(host: string, port: number): string {
	return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
