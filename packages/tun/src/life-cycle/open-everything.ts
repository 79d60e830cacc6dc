// One of everything that the addon can hold open, with datagrams going round for ever.

import { readdirSync } from "node:fs";
import { endpointWords } from "../endpoint-words.js";
import type { GatherTrains } from "../gather-trains.js";
import { createNativePacketIo } from "../native/native-packet-io.js";
import { DATAGRAM_SLOT_BYTES } from "../packet-io.js";

const SLOTS = 4;
const TRAIN_SPACE = 4_096;
const LOOPBACK = { family: 4, address: "127.0.0.1", port: 0 } as const;

/** Descriptors that this process has open. */
export function countDescriptors(): number {
	return readdirSync("/proc/self/fd").length;
}

function oneTrain(): GatherTrains {
	const words = (word: number) => Int32Array.of(word);
	return {
		count: 1,
		owner: words(0),
		firstRegion: words(0),
		regionCount: words(1),
		segmentSize: words(100),
		totalLength: words(250),
		headerOffset: words(0),
		headerLength: words(0),
		regions: { offset: words(0), length: words(250), next: words(-1) },
	};
}

export interface Everything {
	/** Runs `onTurn` each time datagrams have come round; they are sent again at once. */
	start(onTurn: () => void): void;
	/** Closes all, in the order of opening. */
	close(): void;
}

/** Opens a TUN device, two sockets that send to each other, a link watch and a poller of either kind. */
export function openEverything(): Everything {
	const io = createNativePacketIo();
	const arena = new Uint8Array(TRAIN_SPACE + SLOTS * DATAGRAM_SLOT_BYTES);
	const tun = io.openTun({ arena });
	const receiver = io.openUdp({ arena, bind: LOOPBACK });
	const sender = io.openUdp({ arena, connect: receiver.localAddress });
	const watch = io.openLinkWatch({ onEvent: () => undefined });
	const poller = io.createPoller({ ownsThread: true });
	const watched = io.createPoller();
	const batch = io.createDatagramBatch(arena, TRAIN_SPACE, SLOTS);
	const trains = oneTrain();
	const endpoints = endpointWords(sender.localAddress);
	poller.add(tun, -1);
	poller.add(watch, -2);
	poller.add(receiver, receiver.token);
	const send = () =>
		io.sendTrains(trains, Int32Array.of(sender.token), endpoints);
	return {
		start: (onTurn) => {
			send();
			poller.start(() => {
				const count = poller.poll();
				watch.drain();
				const tokens = poller.readyTokens;
				if (io.receiveDatagrams(tokens, count, batch, SLOTS) > 0) {
					send();
					onTurn();
				}
			});
		},
		close: () => {
			for (const opened of [tun, receiver, sender, watch, poller, watched]) {
				opened.close();
			}
		},
	};
}
