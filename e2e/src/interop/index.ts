// Stock Phantun for the tests: the genuine program where it can be had.

export {
	ensurePhantun,
	findPhantun,
	PHANTUN_VERSION,
	type PhantunSearch,
} from "./genuine-phantun.js";
