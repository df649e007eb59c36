// @holdfast/core/testing

import { BaseEventMap } from '@holdfast/core'
import { Clock } from '@holdfast/core'
import { EventSource } from '@holdfast/core'
import { Random } from '@holdfast/core'
import { StateStore } from '@holdfast/core'

export interface EventRecorder<Events extends BaseEventMap> {
    readonly events: readonly RecordedEvent<Events>[];
    readonly names: readonly string[];
    of<Name extends keyof Events & string>(name: Name): readonly Events[Name][];
    stop(): void;
}

export interface FakeClock extends Clock {
    advance(ms: number): Promise<void>;
    runUntil<Result>(promise: Promise<Result>): Promise<Result>;
    flush(): Promise<void>;
    readonly pendingTimers: number;
}

export interface RecordedCall {
    readonly input: string | URL | Request;
    readonly init: RequestInit | undefined;
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
}

export type RecordedEvent<Events extends BaseEventMap> = {
    readonly [Name in keyof Events & string]: {
        readonly name: Name;
        readonly payload: Events[Name];
    };
}[keyof Events & string];

export type ScriptedAnswer = Response | Error | 'hang' | ((call: RecordedCall) => Response | Promise<Response>);

export type ScriptedFetch = typeof globalThis.fetch & {
    readonly calls: readonly RecordedCall[];
};

export type StateStoreCapability = 'leases' | 'multiProcess';

export interface StateStoreCase {
    readonly title: string;
    readonly requires?: StateStoreCapability;
    readonly run: (harness: StateStoreHarness) => Promise<void>;
}

export interface StateStoreHarness {
    readonly create: () => Promise<StateStoreUnderTest>;
}

export interface StateStoreUnderTest {
    readonly store: StateStore;
    readonly another?: () => Promise<StateStore>;
    readonly advance?: (ms: number) => Promise<void>;
    readonly dispose: () => Promise<void>;
}

export function fakeClock(startMs?: number): FakeClock;

export function recordEvents<Events extends BaseEventMap>(source: EventSource<Events>, names: readonly (keyof Events & string)[]): EventRecorder<Events>;

export function scriptedFetch(answers: readonly [
    ScriptedAnswer,
    ...ScriptedAnswer[]
]): ScriptedFetch;

export function seededRandom(seed?: number): Random;

export const stateStoreConformance: readonly StateStoreCase[]
