import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	controlledTunnel,
	RunningInstances,
} from "../control/testing/running-instance.js";
import { runReconnect } from "./reconnect.js";

let instances: RunningInstances;
const asked: string[] = [];
beforeEach(() => {
	instances = new RunningInstances();
	asked.length = 0;
});
afterEach(() => instances.stop());

function client(name: string, isRunning = true) {
	return controlledTunnel(name, {
		reconnect: () => {
			asked.push(name);
			return isRunning;
		},
	});
}

function server(name: string) {
	const { describe: describeIt } = controlledTunnel(name);
	return controlledTunnel(name, {
		describe: (nowMs) => {
			const description = describeIt(nowMs);
			return {
				...description,
				config: { ...description.config, role: "server" },
			};
		},
		reconnect: () => {
			throw new Error("a server has nothing to reconnect");
		},
	});
}

async function reconnect(...names: readonly string[]) {
	const written = { out: "", err: "" };
	const into = (stream: "out" | "err") => ({
		write: (text: string | Uint8Array) => {
			written[stream] += String(text);
			return true;
		},
	});
	const code = await runReconnect({
		question: { names },
		environment: instances.environment,
		out: into("out"),
		err: into("err"),
	});
	return { code, ...written };
}

describe("tunscope reconnect", () => {
	it("asks every client of every instance, and says so", async () => {
		await instances.start(1, client("a"), server("s"));
		await instances.start(2, client("b"));
		expect(await reconnect()).toEqual({
			code: 0,
			out: "a: its flows go on from new ports.\nb: its flows go on from new ports.\n",
			err: "",
		});
		expect(asked).toEqual(["a", "b"]);
	});

	it("asks the named ones only", async () => {
		await instances.start(1, client("a"), client("c"));
		await instances.start(2, client("b"));
		expect(await reconnect("b")).toMatchObject({ code: 0 });
		expect(asked).toEqual(["b"]);
	});

	it("says why it could not be done, and ends in 1", async () => {
		await instances.start(1, client("a", false), server("s"));
		expect(await reconnect("s")).toEqual({
			code: 1,
			out: "",
			err: "tunscope: s is a server, whose flows its clients begin: ask for it at a client.\n",
		});
		expect(await reconnect("a")).toEqual({
			code: 1,
			out: "",
			err: "tunscope: a is not running now: its flows will be new ones anyway.\n",
		});
		await instances.stop();
		instances = new RunningInstances();
		await instances.start(1, server("s"));
		expect(await reconnect()).toMatchObject({
			code: 1,
			err: expect.stringContaining("s is a server"),
		});
		expect(await reconnect("x")).toMatchObject({
			code: 1,
			err: "tunscope: no tunnel named x runs here. These do: s.\n",
		});
		await instances.stop();
		instances = new RunningInstances();
		expect(await reconnect()).toMatchObject({ code: 3 });
	});
});
