// What the generator, the sink and the pinger are told on their command lines, as JSON, checked by zod.

import { z } from "zod";
import { MARK_BYTES, SIZE_STEP_BYTES } from "./datagram-mark.js";

const MAX_FLOWS = 2_000;

const place = z
	.object({
		family: z.union([z.literal(4), z.literal(6)]),
		address: z.string(),
		port: z.number().int().min(1).max(65_535),
	})
	.strict();

const sizeBytes = z
	.number()
	.int()
	.min(MARK_BYTES)
	.max(1_472)
	.multipleOf(SIZE_STEP_BYTES);
const flows = z.number().int().min(1).max(MAX_FLOWS);
const run = z.number().int().min(0);

export const generatorSettingsSchema = z
	.object({
		run,
		target: place,
		sizeBytes,
		flows,
		/** Datagrams handed over in one system call; consecutive calls take the next flow. */
		datagramsPerCall: z.number().int().min(1).max(64),
		/** One message of UDP_SEGMENT per call, instead of one message per datagram. */
		usesSegmentation: z.boolean(),
		/** Datagrams per second over all flows; 0 as fast as the sockets take them. */
		rate: z.number().min(0),
		seconds: z.number().min(0).max(600),
		/** Hellos are repeated this often until they are answered. */
		helloIntervalMs: z.number().int().min(1),
	})
	.strict();

export const sinkSettingsSchema = z
	.object({
		run,
		bind: place,
		sizeBytes,
		flows,
		usesGro: z.boolean(),
	})
	.strict();

export const pingerSettingsSchema = z
	.object({
		run,
		target: place,
		sizeBytes,
		seconds: z.number().min(0).max(60),
	})
	.strict();

export type Place = z.infer<typeof place>;
export type GeneratorSettings = z.infer<typeof generatorSettingsSchema>;
export type SinkSettings = z.infer<typeof sinkSettingsSchema>;
export type PingerSettings = z.infer<typeof pingerSettingsSchema>;
