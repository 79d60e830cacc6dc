// The readers of settings as commander wants them: the value, or an exception with a sentence about what is allowed.

import {
	type HostPort,
	type Reading,
	readCaptureBytes,
	readCaptureSnapBytes,
	readHostPort,
	readIdleTimeoutMs,
	readInterfaceName,
	readIpv4,
	readIpv6,
	readLinkMtu,
	readListenAddress,
	readMaxFlows,
	readOversize,
	readRotateEvery,
	readServerPort,
} from "@tunscope/shared/lean";
import { InvalidArgumentError } from "commander";

/** Of a flag that is given twice the last value counts. */
function flagParser<Value>(
	read: (text: string) => Reading<Value>,
): (text: string) => Value {
	return (text) => {
		const reading = read(text);
		if (reading.isAllowed) return reading.value;
		throw new InvalidArgumentError(reading.complaint);
	};
}

export const parseHostPort: (text: string) => HostPort =
	flagParser(readHostPort);
export const parseListenAddress: (text: string) => HostPort =
	flagParser(readListenAddress);
export const parseServerPort = flagParser(readServerPort);
export const parseMaxFlows = flagParser(readMaxFlows);
export const parseLinkMtu = flagParser(readLinkMtu);
export const parseIdleTimeoutMs = flagParser(readIdleTimeoutMs);
export const parseRotateEvery = flagParser(readRotateEvery);
export const parseIpv4 = flagParser(readIpv4);
export const parseIpv6 = flagParser(readIpv6);
export const parseInterfaceName = flagParser(readInterfaceName);
export const parseOversize = flagParser(readOversize);
export const parseCaptureBytes = flagParser(readCaptureBytes);
export const parseCaptureSnapBytes = flagParser(readCaptureSnapBytes);

/** For a flag that may be given several times. */
export function collectInterfaceName(
	text: string,
	earlier: readonly string[],
): readonly string[] {
	const name = parseInterfaceName(text);
	return earlier.includes(name) ? earlier : [...earlier, name];
}
