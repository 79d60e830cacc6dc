// A real worker thread that speaks the supervisor's protocol and carries nothing; config.name chooses how it behaves.

import { parentPort, workerData } from "node:worker_threads";

const { config, counters } = workerData;
const view = new Float64Array(counters);
const open = (tunName) =>
	parentPort.postMessage({
		kind: "tun-opened",
		tunName,
		interfaceIndex: 7,
		offloads: { checksum: true, tso4: true, tso6: true },
	});
let hasLostTun = false;
const failure = {
	kind: "failed",
	code: "NAME_IN_USE",
	message: "The name is taken.",
	whatToDo: "Take another.",
};

if (config.name === "fails-at-start") parentPort.postMessage(failure);
else open("tun7");

parentPort.on("message", (message) => {
	// The first slot counts answers, so that a test sees totals survive a restart.
	view[0] += 1;
	if (message.kind === "stop") {
		if (config.name === "deaf") return;
		parentPort.postMessage({ kind: "stopped" });
		parentPort.close();
		return;
	}
	if (message.kind === "list-flows") {
		const { requestId } = message;
		parentPort.postMessage({ kind: "flows", requestId, total: 0, flows: [] });
		return;
	}
	if (message.kind === "link-mtu") {
		const code = `link-mtu-${message.linkMtuBytes}`;
		parentPort.postMessage({ kind: "notice", code, message: code });
		return;
	}
	parentPort.postMessage({ kind: "running" });
	if (config.name === "throws") throw new Error("planted");
	if (config.name === "fails-later") parentPort.postMessage(failure);
	if (config.name === "spins-forever") for (;;);
	if (config.name === "loses-tun" && !hasLostTun) {
		hasLostTun = true;
		parentPort.postMessage({ kind: "tun-lost", cause: "deleted" });
		if (config.onTunLost === "recreate") open("tun8");
	}
	if (config.name === "tun-goes-down") {
		// Up again: the device wants its addresses again before it carries.
		if (hasLostTun) parentPort.postMessage({ kind: "tun-restored" });
		else {
			hasLostTun = true;
			parentPort.postMessage({ kind: "tun-lost", cause: "down" });
			open("tun7");
		}
	}
});
