// One tunnel in one worker thread: builds engine, pump and sockets, answers the main thread, and keeps time.

import { randomFillSync } from "node:crypto";
// The global of this name is behind a getter, which every wake-up would pay for.
import { performance } from "node:perf_hooks";
import { Engine, REASSEMBLY_LIMITS, WIRE_PROFILES } from "@tunscope/fake-tcp";
import { type PacketIo, type Poller, TunError } from "@tunscope/tun";
import { WorkerAnomalies } from "../anomaly/worker-anomalies.js";
import { openCapture } from "../capture/open-capture.js";
import type { ApplicationSide } from "./application-side.js";
import {
	type ArenaLayout,
	createArena,
	PACKETS_PER_BATCH,
} from "./arena-layout.js";
import { ClientApplications } from "./client-applications.js";
import { describeFlow } from "./describe-flow.js";
import { checkedIpAddress } from "./endpoint-text.js";
import { FlowEvents } from "./flow-events.js";
import { HostNews } from "./host-news.js";
import { Pump } from "./pump.js";
import { rehearse } from "./rehearsal.js";
import { ServerChoice } from "./server-choice.js";
import { ServerTargets } from "./server-targets.js";
import {
	LINK_WATCH_TOKEN,
	TUN_TOKEN,
	TunAttachment,
} from "./tun-attachment.js";
import { IO, TunnelCounters } from "./tunnel-counters.js";
import { WakeModeration } from "./wake-moderation.js";
import { WorkerCore } from "./worker-core.js";
import type {
	FromWorker,
	ToWorker,
	TunnelWorkerInput,
} from "./worker-protocol.js";

/** Rounds of "poll, read a batch of each" before the event loop gets its turn. */
const MAX_ROUNDS = 16;
/** A round with fewer than this leaves at once: when traffic is sparse, asking again finds nothing and costs a call. */
const BUSY_ROUND_MESSAGES = 4;
const TICK_MS = 100;
const TICKS_PER_SECOND = 1_000 / TICK_MS;
/** No packet from the TUN for so long: traffic is sparse. */
const TUN_PAUSE_MS = 0.1;
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

export class TunnelWorker {
	readonly #input: TunnelWorkerInput;
	readonly #io: PacketIo;
	readonly #post: (message: FromWorker) => void;
	readonly #counters: TunnelCounters;
	readonly #anomalies: WorkerAnomalies;
	readonly #layout: ArenaLayout = createArena();
	readonly #poller: Poller;
	readonly #pump: Pump;
	readonly #attachment: TunAttachment;
	readonly #flowEvents: FlowEvents;
	readonly #hostNews: HostNews;
	readonly #epochMs = performance.now();
	readonly #moderation = new WakeModeration();
	readonly #core: WorkerCore;
	readonly #udpTokens = new Int32Array(1_024);
	#engine: Engine | null = null;
	#application: ApplicationSide | null = null;
	#tick: NodeJS.Timeout | null = null;
	#ticks = 0;
	#wakeups = 0;
	#tunReadMs = 0;
	#isTargetDown = false;

	constructor(
		input: TunnelWorkerInput,
		io: PacketIo,
		post: (message: FromWorker) => void,
	) {
		this.#input = input;
		this.#io = io;
		this.#post = post;
		this.#counters = new TunnelCounters(input.counters);
		const { arena } = this.#layout;
		this.#anomalies = new WorkerAnomalies({
			arena,
			drops: this.#counters.drops,
			post,
		});
		this.#poller = io.createPoller({ ownsThread: true });
		this.#core = new WorkerCore({ poller: this.#poller });
		this.#flowEvents = new FlowEvents(post);
		this.#hostNews = new HostNews(post);
		this.#pump = new Pump({
			io,
			layout: this.#layout,
			profile: WIRE_PROFILES[input.config.wireProfile],
			maxFlows: input.config.maxFlows,
			counters: this.#counters,
			anomalies: this.#anomalies.collector,
			events: {
				flowOpened: (flow) => this.#flowEvents.opened(flow),
				flowClosed: (flow, reason) => this.#flowEvents.closed(flow, reason),
				targetRefused: (slot) => this.#targetRefused(slot),
				tunGone: () => this.#attachment.gone(),
			},
			capture: openCapture(input.capture, this.#layout.arena),
		});
		this.#attachment = new TunAttachment({
			io,
			poller: this.#poller,
			arena: this.#layout.arena,
			requestedName: input.config.tun.name,
			post,
			onDevice: (tun) => {
				this.#pump.setTun(tun);
				this.#counters.gauge("isTunUp", tun === null ? 0 : 1);
			},
			onLinkMtu: (linkMtuBytes) =>
				this.#counters.gauge("tunLinkMtuBytes", linkMtuBytes),
			onHostChange: (isOverrun) => this.#hostNews.changed(isOverrun),
		});
	}

	/** Opens the TUN and reports it; datagrams flow once the main thread has answered `host-ready`. */
	start(): void {
		this.#counters.gauge("lastInboundMs", -1);
		this.#translatingFailures(() => {
			this.#attachment.start();
			this.#poller.start((ready) => this.#onReady(ready));
			// Meanwhile the main thread sets the host up.
			rehearse();
		});
	}

	receive(message: ToWorker): void {
		switch (message.kind) {
			case "host-ready":
				return this.#translatingFailures(() =>
					this.#hostReady(message.linkMtuBytes),
				);
			case "link-mtu":
				this.#engine?.setLinkMtu(message.linkMtuBytes, this.#nowMs());
				return;
			case "remotes":
				return this.#application?.replaceRemotes(
					message.remotes,
					this.#nowMs(),
				);
			case "renew-flows":
				return this.#application?.renewFlows(message.peers, this.#nowMs());
			case "reconnect":
				return this.#application?.reconnect(this.#nowMs());
			case "doubt-peers":
				return this.#engine?.doubtPeers(this.#nowMs());
			case "tun-link":
				return this.#attachment.linkSeen({ ...message, name: message.tunName });
			case "list-flows":
				return this.#listFlows(message.requestId, message.limit);
			case "stop":
				return this.stop();
		}
	}

	/** Resets every flow, closes everything, says so. Idempotent. */
	stop(): void {
		if (this.#tick !== null) clearInterval(this.#tick);
		this.#tick = null;
		this.#engine?.stop(this.#nowMs());
		this.#publish();
		this.#anomalies.tellAll(this.#nowMs());
		this.#core.close();
		this.#application?.close();
		this.#attachment.stop();
		this.#poller.close();
		this.#post({ kind: "stopped" });
	}

	#nowMs(): number {
		return Math.floor(performance.now() - this.#epochMs);
	}

	#hostReady(linkMtuBytes: number): void {
		if (this.#engine === null) this.#build(linkMtuBytes);
		else this.#engine.setLinkMtu(linkMtuBytes, this.#nowMs());
		this.#attachment.hostReady();
		if (this.#tick !== null) return;
		this.#tick = setInterval(() => this.#onTick(), TICK_MS);
		this.#publish();
		this.#post({ kind: "running" });
	}

	#build(linkMtuBytes: number): void {
		const { config, seed, handshakePacket } = this.#input;
		const { arena, headers, staging, reassembly, held } = this.#layout;
		const [w0, w1, w2, w3] = seed;
		const engine = new Engine({
			role: config.role,
			profile: WIRE_PROFILES[config.wireProfile],
			sink: this.#pump,
			arena,
			headerRegion: headers,
			stagingRegion: staging,
			reassemblyRegion: reassembly,
			reassemblyLimits: REASSEMBLY_LIMITS,
			heldRegion: held,
			outgoing: this.#pump.outgoing,
			local: {
				4: checkedIpAddress(config.tun.peer4),
				6: checkedIpAddress(config.tun.peer6),
			},
			listenPort: config.listen.port,
			maxFlows: config.maxFlows,
			idleTimeoutMs: config.idleTimeoutMs,
			linkMtuBytes,
			oversize: config.oversize,
			handshakePacket,
			counters: this.#counters.engine,
			drops: this.#counters.drops,
			seed: {
				hash: { k0: w0, k1: w1 },
				iss: { k0: w2, k1: w3 },
				port: w0 ^ w3,
			},
		});
		const application =
			config.role === "client" ? this.#listen(engine) : this.#target(engine);
		this.#engine = engine;
		this.#application = application;
		this.#pump.attach(engine, application);
	}

	#listen(engine: Engine): ApplicationSide {
		const { config, remotes } = this.#input;
		const { address, port } = config.listen;
		const socket = this.#io.openUdp({
			arena: this.#layout.arena,
			bind: { family: address.includes(":") ? 6 : 4, address, port },
			receiveBufferBytes: SOCKET_BUFFER_BYTES,
			sendBufferBytes: SOCKET_BUFFER_BYTES,
		});
		this.#poller.add(socket, socket.token);
		const key = new Int32Array(2);
		randomFillSync(key);
		return new ClientApplications({
			engine,
			socket,
			servers: new ServerChoice(remotes),
			maxFlows: config.maxFlows,
			rotateEveryMs: config.rotateEveryMs ?? 0,
			hashKey: { k0: key[0] ?? 0, k1: key[1] ?? 0 },
			counters: this.#counters,
		});
	}

	#target(engine: Engine): ApplicationSide {
		const { config, remotes } = this.#input;
		return new ServerTargets({
			io: this.#io,
			poller: this.#poller,
			engine,
			arena: this.#layout.arena,
			targets: remotes,
			maxFlows: config.maxFlows,
			socketBufferBytes: SOCKET_BUFFER_BYTES,
			onTargetState: (isDown) => this.#targetState(isDown),
			onOpenFailed: (error) => {
				this.#anomalies.collector.raise("socket-unavailable", error.code);
				this.#post({
					kind: "notice",
					code: error.code,
					message: `${error.message} ${error.whatToDo}`,
				});
			},
		});
	}

	#onReady(firstReady: number): void {
		this.#counters.add(IO.pollerWakeups, 1);
		this.#wakeups++;
		for (let round = 0; round < MAX_ROUNDS; round++) {
			const ready = round === 0 ? firstReady : this.#poller.poll();
			// One look at the clock for the whole round.
			const preciseMs = performance.now() - this.#epochMs;
			const handled = ready > 0 ? this.#serve(ready, preciseMs) : 0;
			const napMicroseconds = this.#moderation.napAfter(handled, preciseMs);
			if (napMicroseconds > 0) this.#poller.nap(napMicroseconds);
			else if (handled < BUSY_ROUND_MESSAGES) return;
		}
	}

	/** One batch from each of the sources that are ready. @returns how many packets and messages there were. */
	#serve(ready: number, preciseMs: number): number {
		const nowMs = Math.floor(preciseMs);
		const { readyTokens } = this.#poller;
		let handled = 0;
		let udpCount = 0;
		for (let index = 0; index < ready; index++) {
			const token = readyTokens[index] ?? 0;
			if (token === TUN_TOKEN)
				handled += this.#pump.readTun(nowMs, this.#tunReadLimit(preciseMs));
			else if (token === LINK_WATCH_TOKEN) this.#attachment.drainWatch();
			else if (udpCount < this.#udpTokens.length)
				this.#udpTokens[udpCount++] = token;
		}
		if (udpCount === 0) return handled;
		return handled + this.#pump.readDatagrams(this.#udpTokens, udpCount, nowMs);
	}

	/** After a pause one packet has most likely come alone; if not, the next round follows at once and reads them all. */
	#tunReadLimit(preciseMs: number): number {
		const isAfterPause = preciseMs - this.#tunReadMs > TUN_PAUSE_MS;
		this.#tunReadMs = preciseMs;
		return isAfterPause ? 1 : PACKETS_PER_BATCH;
	}

	#onTick(): void {
		const isSilent = this.#application?.tend(this.#nowMs()) ?? false;
		this.#hostNews.tick(isSilent);
		this.#pump.expire(this.#nowMs());
		this.#core.tick(this.#wakeups, this.#nowMs());
		this.#publish();
		this.#ticks++;
		this.#anomalies.tick(this.#nowMs());
		if (this.#ticks % TICKS_PER_SECOND === 0) this.#flowEvents.turnOfSecond();
	}

	#publish(): void {
		const engine = this.#engine;
		if (engine === null) return;
		const counters = this.#counters;
		counters.gauge("flowsEstablished", engine.establishedCount);
		counters.gauge("flowsHalfOpen", engine.halfOpenCount);
		counters.gauge("pendingBytes", engine.pendingBytes);
		counters.gauge("heldFragmentBytes", engine.heldFragmentBytes);
		counters.gauge("lastInboundMs", engine.lastInboundMs);
		counters.gauge("nowMs", this.#nowMs());
		counters.gauge("linkMtuBytes", engine.linkMtuBytes);
		counters.gauge("isTargetDown", this.#isTargetDown ? 1 : 0);
		const overflowDrops = this.#application?.overflowDrops() ?? 0;
		counters.setTotal(IO.udpOverflowDrops, overflowDrops);
		this.#anomalies.collector.setTotal("udp-buffer-overflow", overflowDrops);
	}

	#listFlows(requestId: number, limit: number): void {
		const engine = this.#engine;
		if (engine === null)
			return this.#post({ kind: "flows", requestId, total: 0, flows: [] });
		const flows = engine.flows
			.slice(0, limit)
			.map((flow) =>
				describeFlow(
					{ engine, application: this.#application },
					flow,
					this.#nowMs(),
				),
			);
		this.#post({ kind: "flows", requestId, total: engine.flows.length, flows });
	}

	#targetRefused(slot: number): void {
		if (this.#application instanceof ServerTargets)
			this.#application.targetRefused(slot);
	}

	#targetState(isDown: boolean): void {
		this.#isTargetDown = isDown;
		this.#counters.gauge("isTargetDown", isDown ? 1 : 0);
		this.#anomalies.collector.raise(
			isDown ? "target-refuses" : "target-answers",
		);
		this.#post({ kind: "target-state", isDown });
	}

	/** What the world refuses becomes a message; what is our bug goes on and ends the worker loudly. */
	#translatingFailures(act: () => void): void {
		try {
			act();
		} catch (error) {
			if (!(error instanceof TunError)) throw error;
			const { code, message, whatToDo } = error;
			this.#post({ kind: "failed", code, message, whatToDo });
			this.stop();
		}
	}
}
