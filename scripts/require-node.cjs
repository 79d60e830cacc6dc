// Refuses a Node that is too old for everything else here, in syntax which that Node can parse.

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
	console.error(
		`tunscope: Node ${process.versions.node} is too old: install Node 20.19 or newer ("Node versions" in README.md says how), then run the same command again.`,
	);
	process.exit(1);
}
