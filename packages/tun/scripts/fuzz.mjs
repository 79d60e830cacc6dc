// Fuzzes the plain C++ core with libFuzzer: node scripts/fuzz.mjs [seconds per target] [target…]

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import {
	isCompilerPresent,
	languageFlags,
	packageFolder,
	run,
	sourcesOf,
} from "./native-compiler.mjs";

const DEFAULT_SECONDS = 20;
const compilers = ["clang++", "clang++-14"];
const fuzzFolder = path.join(packageFolder, "native", "fuzz");
const buildFolder = path.join(packageFolder, "build", "fuzz");

const sanitizers = "-fsanitize=fuzzer,address,undefined";

/** Parts of the core that parse or compute; the rest calls the kernel. */
const pureSources = [
	"checksum.cc",
	"control_messages.cc",
	"endpoint.cc",
	"gather_trains.cc",
	"packet_check.cc",
	"route_messages.cc",
	"segment_cutter.cc",
	"tcp_location.cc",
	"tun_writer.cc",
];

function allTargets() {
	return readdirSync(fuzzFolder)
		.filter((name) => name.endsWith("_fuzz.cc"))
		.map((name) => name.replace("_fuzz.cc", ""))
		.sort();
}

async function build(compiler, target) {
	const program = path.join(buildFolder, target);
	const sources = sourcesOf("core").filter((source) =>
		pureSources.includes(path.basename(source)),
	);
	const flags = [
		...languageFlags,
		"-O1",
		"-g",
		sanitizers,
		"-fno-sanitize=vptr",
		"-fno-sanitize-recover=all",
	];
	const own = path.join(fuzzFolder, `${target}_fuzz.cc`);
	await run(compiler, [...flags, own, ...sources, "-o", program]);
	return program;
}

function fuzz(program, target, seconds) {
	const found = path.join(buildFolder, `${target}-corpus`);
	mkdirSync(found, { recursive: true });
	return spawnSync(
		program,
		[
			`-max_total_time=${seconds}`,
			"-max_len=4096",
			"-timeout=5",
			"-print_final_stats=1",
			`-artifact_prefix=${buildFolder}/${target}-`,
			// New inputs go to the first folder; the committed ones are only read.
			found,
			path.join(fuzzFolder, "corpus", target),
		],
		{ stdio: ["ignore", "inherit", "inherit"] },
	).status;
}

async function main() {
	const [secondsText = String(DEFAULT_SECONDS), ...named] =
		process.argv.slice(2);
	const seconds = Number(secondsText);
	const targets = named.length > 0 ? named : allTargets();
	const isUsable =
		Number.isInteger(seconds) &&
		seconds > 0 &&
		targets.every((target) => allTargets().includes(target));
	if (!isUsable) {
		console.error(
			`Usage: npm run fuzz -- [seconds per target, 1 or more] [${allTargets().join("|")}…]`,
		);
		return 2;
	}
	const compiler = compilers.find((candidate) => isCompilerPresent(candidate));
	if (compiler === undefined) {
		console.log(
			"Fuzzing of packages/tun skipped: there is no clang++ (Debian: apt-get install clang-14 libclang-rt-14-dev).",
		);
		return 0;
	}
	mkdirSync(buildFolder, { recursive: true });
	for (const target of targets) {
		console.log(`Fuzzing ${target} for ${seconds} s.`);
		const status = fuzz(await build(compiler, target), target, seconds);
		if (status !== 0) {
			console.error(`${target}: the input is kept in ${buildFolder}.`);
			return 1;
		}
	}
	return 0;
}

process.exitCode = await main();
