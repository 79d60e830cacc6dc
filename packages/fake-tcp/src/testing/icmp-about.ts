// Makes the ICMP error that a router would send about a packet: quoted as far as the test likes, checksums right.

import { checksumAdd, checksumFinish } from "../wire/checksum.js";

export interface IcmpAbout {
	readonly type: number;
	readonly code: number;
	/** The last four octets of the ICMP header: a next hop's MTU, or unused. */
	readonly rest: number;
	/** Whose source the error goes to, where what is quoted is cut short. */
	readonly quoter?: Uint8Array;
}

/** From 192.0.2.99 or 2001:db8::99 to the quoted packet's source. */
export function icmpAbout(quoted: Uint8Array, about: IcmpAbout): Uint8Array {
	const whole = about.quoter ?? quoted;
	const isIpv4 = (whole[0] ?? 0) >>> 4 === 4;
	const headerBytes = isIpv4 ? 20 : 40;
	const bytes = new Uint8Array(headerBytes + 8 + quoted.length);
	const view = new DataView(bytes.buffer);
	bytes.set(quoted, headerBytes + 8);
	view.setUint8(headerBytes, about.type);
	view.setUint8(headerBytes + 1, about.code);
	view.setUint32(headerBytes + 4, about.rest);
	const icmpBytes = 8 + quoted.length;
	if (isIpv4) {
		view.setUint16(0, 0x4500);
		view.setUint16(2, bytes.length);
		view.setUint8(8, 64);
		view.setUint8(9, 1);
		view.setUint32(12, 0xc0_00_02_63);
		bytes.set(whole.subarray(12, 16), 16);
		view.setUint16(10, checksumFinish(checksumAdd(view, 0, 20, 0)));
	} else {
		view.setUint8(0, 0x60);
		view.setUint16(4, icmpBytes);
		view.setUint8(6, 58);
		view.setUint8(7, 64);
		view.setUint32(8, 0x2001_0db8);
		view.setUint32(20, 0x99);
		bytes.set(whole.subarray(8, 24), 24);
	}
	const pseudo = isIpv4 ? 0 : checksumAdd(view, 8, 32, 58 + icmpBytes);
	const sum = checksumAdd(view, headerBytes, icmpBytes, pseudo);
	view.setUint16(headerBytes + 2, checksumFinish(sum));
	return bytes;
}
