// @holdfast/webhook-receiver/buffer-kit

import { BufferDurability } from '@holdfast/webhook-receiver'
import { Check } from '@holdfast/core'
import { Clock } from '@holdfast/core'
import { Consumer } from '@holdfast/webhook-receiver'
import { EventPlace } from '@holdfast/webhook-receiver'
import { Lease } from '@holdfast/webhook-receiver'
import { LogEntry } from '@holdfast/webhook-receiver'
import { NewEvent } from '@holdfast/webhook-receiver'
import { Position } from '@holdfast/webhook-receiver'
import { StoredEvent } from '@holdfast/webhook-receiver'

export interface AppendQueue<Item extends Sized, Outcome> {
    add(items: readonly Item[]): Promise<readonly Outcome[]>;
    idle(): Promise<void>;
}

export interface AppendQueueOptions<Item extends Sized, Outcome> {
    readonly maxBatchBytes: number;
    readonly send: (items: readonly Item[]) => Promise<readonly Outcome[]>;
    readonly nextTurn: () => Promise<unknown>;
    readonly linger?: {
        readonly clock: Clock;
        readonly maxMs: number;
    };
    readonly utilization?: () => number;
}

export interface ArrivalListener {
    wait(waitMs: number, signal: AbortSignal | undefined): Promise<boolean>;
    close(): void;
}

export interface Arrivals {
    announce(partition: number, lastSeq: number): void;
    listen(partition: number, afterSeq: number): ArrivalListener;
    wakeAll(): void;
}

export interface ArrivalsOptions {
    readonly clock: Clock;
    readonly pollMs: number;
    readonly lastSeqs: (partitions: readonly number[]) => Promise<ReadonlyMap<number, number>>;
}

export interface ByteBudget {
    take(bytes: number): void;
    giveBack(bytes: number): void;
}

export interface Expected {
    readonly entries: LogEntry[];
    close(): void;
}

export interface ExpectedRead {
    readonly partition: number;
    readonly timeline: string | undefined;
    readonly after: number;
    readonly limit: number;
    readonly maxBytes: number;
}

export interface Handover {
    offer(run: StoredRun, timeline: string): void;
    soonMs(place: Pick<ExpectedRead, 'partition' | 'timeline' | 'after'>, lingerMs: number): number;
    expect(read: ExpectedRead): Expected;
}

export interface Lifetime {
    requireOpen(): void;
    open<Report>(work: () => Promise<Report>): Promise<Report>;
    close(work: () => Promise<void>): Promise<void>;
}

export interface LogRead {
    readonly lease: Lease;
    readonly after: number;
    readonly isFirst: boolean;
    readonly limit: number;
    readonly maxBytes: number;
}

export interface LogReads {
    readonly read: Consumer['read'];
    leased(lease: Lease, timeline: string): void;
}

export interface LogReadsOptions {
    readonly arrivals: Arrivals;
    readonly handover: Handover;
    readonly requireOpen: () => void;
    readonly ask: (read: LogRead) => Promise<LogEntry[]>;
}

export type ResolvedServerBufferOptions = Required<Omit<ServerBufferOptions, 'durability'>> & {
    readonly durability: BufferDurability | undefined;
};

export interface ServerBufferOptions {
    readonly partitions?: number;
    readonly durability?: BufferDurability;
    readonly maxEventBytes?: number;
    readonly maxQueuedBytes?: number;
    readonly maxBatchBytes?: number;
    readonly timeoutMs?: number;
    readonly dedupeWindowMs?: number;
    readonly clock?: Clock;
}

export interface Sized {
    readonly bytes: number;
}

export interface StoredRecord {
    readonly partition: number;
    readonly event: NewEvent;
    readonly body: Uint8Array;
}

export interface StoredRun {
    readonly partition: number;
    readonly first: number;
    readonly records: readonly StoredRecord[];
}

export function answerInTime<Answer>(answer: Promise<Answer>, { clock, timeoutMs, server }: {
    readonly clock: Clock;
    readonly timeoutMs: number;
    readonly server: string;
}): Promise<Answer>;

export function checkEvent({ id, source, body }: Pick<NewEvent, 'id' | 'source' | 'body'>): void;

export function checkEventSize(bodyBytes: number, metaBytes: number, maxEventBytes: number): void;

export function createAppendQueue<Item extends Sized, Outcome>(options: AppendQueueOptions<Item, Outcome>): AppendQueue<Item, Outcome>;

export function createArrivals({ clock, pollMs, lastSeqs }: ArrivalsOptions): Arrivals;

export function createByteBudget(maxBytes: number, server: string): ByteBudget;

export function createHandover(clock: Clock): Handover;

export function createLifetime(): Lifetime;

export function createLogReads({ arrivals, handover, requireOpen, ask }: LogReadsOptions): LogReads;

export function decodeEvent(json: string, body: Uint8Array<ArrayBuffer>, { partition, position }: EventPlace): StoredEvent;

export const defaultServerBufferOptions: Readonly<Pick<ResolvedServerBufferOptions, 'partitions' | 'maxEventBytes' | 'maxBatchBytes' | 'timeoutMs' | 'dedupeWindowMs'>>

export function encodeEventMeta(event: NewEvent): string;

export function eventIdentity({ source, tenant, id }: Pick<NewEvent, 'source' | 'tenant' | 'id'>): string;

export function loopUtilization(): () => number;

export function partitionOf(key: string, partitions: number): number;

export function positionOf(seq: number): Position;

export function positionUpTo(seq: number): Position | null;

export function resolveServerBufferOptions(options: ServerBufferOptions): ResolvedServerBufferOptions;

export function runsOf(records: readonly StoredRecord[], seqs: readonly number[]): Iterable<StoredRun>;

export function seqOf(position: Position | null): number;

export const serverBufferChecks: Readonly<Record<keyof ServerBufferOptions, Check>>

export function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value>;
