// Stock Phantun for the tests: the genuine program where it can be had, and the double that always runs.

export { doubleProgram } from "./double-program.js";
export {
	ensurePhantun,
	findPhantun,
	PHANTUN_VERSION,
	type PhantunSearch,
} from "./genuine-phantun.js";
