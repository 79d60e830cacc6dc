// Translates an errno and the call that gave it into a TunError: the only place where errno gets a meaning.

import { constants } from "node:os";
import { TunError, type TunErrorCode } from "../errors.js";

/** Index = Syscall in native/core/system_failure.h. */
const SYSCALL_NAMES = [
	"",
	"open(/dev/net/tun)",
	"ioctl(TUNGETFEATURES)",
	"ioctl(TUNSETIFF)",
	"ioctl(TUNSETVNETHDRSZ)",
	"ioctl(TUNSETOFFLOAD)",
	"ioctl(SIOCGIFINDEX)",
	"ioctl(SIOCGIFMTU)",
	"socket",
	"bind",
	"connect",
	"getsockname",
	"setsockopt",
	"epoll_create1",
	"epoll_ctl",
	"uv_poll",
	"inet_pton",
	"ioctl(TUNGETIFF)",
	"timerfd_create",
] as const;

const { errno: E } = constants;
/** Linux: "File descriptor in bad state"; Node does not name it. */
const EBADFD = 77;

const CODE_BY_ERRNO: ReadonlyMap<number, TunErrorCode> = new Map([
	[E.EACCES, "PERMISSION_DENIED"],
	[E.EPERM, "PERMISSION_DENIED"],
	[E.EBUSY, "NAME_IN_USE"],
	[E.EEXIST, "NAME_IN_USE"],
	[E.EADDRINUSE, "ADDRESS_IN_USE"],
	[E.EADDRNOTAVAIL, "ADDRESS_NOT_AVAILABLE"],
	[E.EAFNOSUPPORT, "ADDRESS_NOT_AVAILABLE"],
	[E.EMFILE, "TOO_MANY_DESCRIPTORS"],
	[E.ENFILE, "TOO_MANY_DESCRIPTORS"],
	[E.ENOMEM, "OUT_OF_MEMORY"],
	[E.ENOBUFS, "OUT_OF_MEMORY"],
	[E.ENETUNREACH, "UNREACHABLE"],
	[E.EHOSTUNREACH, "UNREACHABLE"],
	[E.EBADF, "CLOSED"],
	[EBADFD, "DEVICE_GONE"],
	[E.ENODEV, "DEVICE_GONE"],
]);

const WHAT_TO_DO: Readonly<Record<TunErrorCode, string>> = {
	ADDON_UNAVAILABLE: "Run `npm rebuild @tunscope/tun`.",
	TUN_DEVICE_MISSING:
		"Load the driver (`modprobe tun`); in a container, pass the device in (`--device /dev/net/tun`).",
	PERMISSION_DENIED:
		"Run as root, or give the process CAP_NET_ADMIN; for a port below 1024, CAP_NET_BIND_SERVICE.",
	NAME_IN_USE:
		"Choose another interface name, or stop the program that has it.",
	NAME_INVALID:
		"Use 1 to 15 characters without space, slash or colon; `%d` stands for the next free number.",
	DEVICE_GONE: "Open the device again; someone deleted it.",
	ADDRESS_IN_USE: "Choose another port, or stop the program that has it.",
	ADDRESS_NOT_AVAILABLE:
		"Use an address of this machine, in a family that is switched on.",
	TOO_MANY_DESCRIPTORS: "Raise the limit of open files (`ulimit -n`).",
	OUT_OF_MEMORY: "Free memory, or ask for smaller buffers.",
	UNREACHABLE: "Check the routes of this machine.",
	CLOSED: "Open it again before you use it.",
	SYSTEM: "Look up the errno; this case has no advice of its own.",
};

const OPEN_TUN = 1;
const TUN_SET_IFF = 3;

function codeOf(errno: number, syscall: number): TunErrorCode {
	if (syscall === OPEN_TUN && [E.ENOENT, E.ENODEV, E.ENXIO].includes(errno)) {
		return "TUN_DEVICE_MISSING";
	}
	if (syscall === TUN_SET_IFF && errno === E.EINVAL) {
		return "NAME_INVALID";
	}
	return CODE_BY_ERRNO.get(errno) ?? "SYSTEM";
}

function nameOfErrno(errno: number): string {
	const known = Object.entries(E).find(([, number]) => number === errno);
	return known?.[0] ?? (errno === EBADFD ? "EBADFD" : `errno ${errno}`);
}

/** @param action what was tried, in words that follow "Could not". */
export function translateFailure(
	action: string,
	errno: number,
	syscall: number,
): TunError {
	const code = codeOf(errno, syscall);
	const name = SYSCALL_NAMES[syscall] ?? "";
	return new TunError({
		code,
		message: `Could not ${action}: ${name} said ${nameOfErrno(errno)}.`,
		whatToDo: WHAT_TO_DO[code],
		errno,
		syscall: name,
	});
}

/** A failure that no system call reported. */
export function failWithoutCall(code: TunErrorCode, message: string): TunError {
	return new TunError({
		code,
		message,
		whatToDo: WHAT_TO_DO[code],
		errno: 0,
		syscall: "",
	});
}
