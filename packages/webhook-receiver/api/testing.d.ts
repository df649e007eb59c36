// @holdfast/webhook-receiver/testing

import { Clock } from '@holdfast/core'
import { EventBuffer } from '@holdfast/webhook-receiver'

export type BufferCapability = 'clock' | 'leases';

export interface BufferHarness {
    readonly create: () => Promise<BufferUnderTest>;
}

export interface BufferUnderTest {
    readonly buffer: EventBuffer;
    readonly reopen: () => Promise<EventBuffer>;
    readonly advance?: (ms: number) => Promise<void>;
    readonly dispose: () => Promise<void>;
}

export interface ConformanceCase {
    readonly title: string;
    readonly requires?: BufferCapability;
    readonly run: (harness: BufferHarness) => Promise<void>;
}

export interface MemoryBufferOptions {
    readonly partitions?: number;
    readonly clock?: Clock;
    readonly maxEventBytes?: number;
    readonly dedupeWindowMs?: number;
}

export const bufferConformance: readonly ConformanceCase[]

export function memoryBuffer(options?: MemoryBufferOptions): EventBuffer;
