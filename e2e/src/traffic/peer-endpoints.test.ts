import { expect, it } from "vitest";
import { PeerEndpoints } from "./peer-endpoints.js";

const WORDS = 12;

function endpoint(port: number, address: number): Int32Array {
	const words = new Int32Array(WORDS);
	words[0] = 4 | (port << 16);
	words[2] = address;
	return words;
}

it("numbers peers by port and address, and keeps their endpoints past the first growth", () => {
	const peers = new PeerEndpoints();
	for (let port = 0; port < 200; port += 1)
		expect(peers.numberOf(endpoint(port, 1), 0)).toBe(port);
	expect(peers.numberOf(endpoint(7, 2), 0)).toBe(200);
	expect(peers.numberOf(endpoint(7, 1), 0)).toBe(7);
	expect(peers.words.subarray(150 * WORDS, 151 * WORDS)).toEqual(
		endpoint(150, 1),
	);
});
