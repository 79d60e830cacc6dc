// Who may import whom: the layers of ARCHITECTURE.md as rules, each with the sentence that says where to go instead.

const TEST_FILES = "\\.test\\.tsx?$|/testing/";

/** Layers inside fake-tcp, lowest first: a folder may import those of lower rank, and itself. */
const FAKE_TCP_RANKS = [
	["wire"],
	["mtu", "train"],
	["fragment", "flow", "pmtu", "diagnosis"],
	["engine"],
];

/** @returns {import("dependency-cruiser").IForbiddenRuleType[]} one rule per fake-tcp folder, naming those above and beside it */
function fakeTcpLayerRules() {
	return FAKE_TCP_RANKS.flatMap((folders, rank) =>
		folders.map((folder) => {
			const forbidden = FAKE_TCP_RANKS.slice(rank)
				.flat()
				.filter((other) => other !== folder);
			return {
				name: `fake-tcp-layers-${folder}`,
				severity: "error",
				comment: `In fake-tcp the order is wire <- mtu, train <- fragment, flow, pmtu, diagnosis <- engine. ${folder}/ may not know ${forbidden.join(", ") || "anything else"}: pass the value in from engine/, or move what both need down a layer.`,
				from: {
					path: `^packages/fake-tcp/src/${folder}/`,
					pathNot: TEST_FILES,
				},
				to: {
					path: `^packages/fake-tcp/src/(${[...forbidden, "testing"].join("|")})/`,
				},
			};
		}),
	);
}

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const rules = [
	{
		name: "no-cycles",
		severity: "error",
		comment:
			"Two files that import each other are one file, or hide a third: move what both need into a file of its own.",
		from: {},
		to: { circular: true },
	},
	{
		name: "no-orphans",
		severity: "error",
		comment:
			"Nothing imports this file and it imports nothing: delete it, or use it.",
		from: {
			orphan: true,
			pathNot:
				"\\.d\\.ts$|\\.config\\.(ts|mjs)$|^\\.dependency-cruiser|^apps/web/src/app/|\\.test\\.tsx?$|^scripts/|^tools/|^apps/daemon/bin/",
		},
		to: {},
	},
	{
		name: "not-resolvable",
		severity: "error",
		comment:
			"This import leads nowhere: a typing error, a missing dependency in the package's own package.json, or a package that is not built.",
		from: {},
		to: {
			couldNotResolve: true,
			// Made by builds: the launcher and the demo start what they find there.
			pathNot: "(^|/)dist/",
		},
	},
	{
		name: "fake-tcp-is-pure",
		severity: "error",
		comment:
			"fake-tcp imports no npm package, no node:* and no other workspace: it must run in a worker, in a browser and under fast-check alike. Time, randomness and bytes come in as arguments; I/O belongs to packages/tun, joining to apps/daemon/src/tunnel.",
		from: { path: "^packages/fake-tcp/src/", pathNot: TEST_FILES },
		to: { pathNot: "^packages/fake-tcp/src/" },
	},
	...fakeTcpLayerRules(),
	{
		name: "leaves-know-nothing-of-each-other",
		severity: "error",
		comment:
			"shared, fake-tcp and tun are leaves. What two of them need together is joined in apps/daemon/src/tunnel.",
		from: { path: "^packages/([^/]+)/" },
		to: {
			path: "^(packages|apps|e2e|bench)/",
			pathNot: "^packages/$1/",
		},
	},
	{
		name: "packages-by-name-only",
		severity: "error",
		comment:
			'Import another workspace by its name ("@tunscope/..."), which leads to what its package.json exports; the rest is not public. Export it there if it should be.',
		from: { path: "^(packages/[^/]+|apps/[^/]+|e2e|bench)/" },
		to: {
			path: "^(packages/[^/]+|apps/[^/]+|e2e|bench)/",
			pathNot: "^$1/",
			dependencyTypes: ["local"], // by a relative path
		},
	},
	{
		name: "tests-stay-tests",
		severity: "error",
		comment:
			"Product code imports a test or the testing/ folder. Move what is needed into the product, or the importer into a test.",
		from: {
			path: "^(packages|apps)/",
			pathNot: TEST_FILES,
		},
		to: { path: "\\.test\\.tsx?$|^packages/[^/]+/(src|dist)/testing/" },
	},
	{
		name: "web-sees-the-daemon-as-types",
		severity: "error",
		comment:
			"The dashboard knows the daemon only as `import type` of its router (@tunscope/daemon/router). Values that both need belong to packages/shared.",
		from: { path: "^apps/web/" },
		to: {
			path: "^apps/daemon/|^@tunscope/daemon",
			dependencyTypesNot: ["type-only"],
		},
	},
	{
		name: "web-sees-the-router-only",
		severity: "error",
		comment:
			"Of the daemon the dashboard may import the router's type (@tunscope/daemon/router) and nothing else.",
		from: { path: "^apps/web/" },
		to: {
			path: "^apps/daemon/",
			pathNot: "^apps/daemon/(src|dist)/(api/)?router\\.(d\\.)?ts$",
		},
	},
	{
		name: "web-has-no-device",
		severity: "error",
		comment:
			"The dashboard runs in a browser: packages/tun cannot. Ask the daemon through its API.",
		from: { path: "^apps/web/" },
		to: { path: "^packages/tun/" },
	},
	{
		name: "e2e-uses-built-things",
		severity: "error",
		comment:
			"End-to-end tests and benchmarks start the built command (npx tunscope); they never import an app's source. What they need to check is visible from outside, or missing from the product.",
		from: { path: "^(e2e|bench)/" },
		to: { path: "^apps/" },
	},
	{
		name: "api-sees-the-tunnel-manager-only",
		severity: "error",
		comment:
			"api/ and live/ reach tunnels through tunnel/tunnel-manager.ts: add a method there. They never touch workers, the host or storage behind its back.",
		from: {
			path: "^apps/daemon/src/(api|live)/",
			pathNot: "\\.test\\.ts$",
		},
		to: {
			path: "^apps/daemon/src/(tunnel|system|capture|cli)/",
			pathNot: "^apps/daemon/src/tunnel/tunnel-manager\\.ts$",
		},
	},
	{
		name: "nobody-imports-main",
		severity: "error",
		comment:
			"main.ts composes everything and is imported by nothing. Put what you need into a module of its own and let main.ts import that.",
		from: { path: "^apps/daemon/src/" },
		to: { path: "^apps/daemon/src/main\\.ts$" },
	},
];

/** @type {import("dependency-cruiser").ICruiseOptions} */
const options = {
	// With TypeScript 7, which has no programming interface, dependency-cruiser's own parser reads
	// nothing and finds nothing. tools/boundaries.test.ts plants violations so that this shows.
	parser: "swc",
	tsPreCompilationDeps: true,
	combinedDependencies: false,
	doNotFollow: { path: "node_modules" },
	exclude: { path: "(^|/)(dist|out|\\.next|\\.turbo|build|prebuilds)/" },
	enhancedResolveOptions: {
		exportsFields: ["exports"],
		conditionNames: ["types", "import", "node", "default"],
		extensions: [".ts", ".tsx", ".d.ts", ".js", ".mjs", ".json"],
		mainFields: ["types", "module", "main"],
	},
};

export default { forbidden: rules, options };
