/** Tests that do more at night, by so many times. */
export interface NightlyTests {
  readonly what: string
  /** Below `packages/webhook-receiver/test/disk`. */
  readonly file: string
  readonly scale: number
}

/** A program that is told how often. */
export interface NightlyProgram {
  readonly what: string
  readonly program: string
  readonly flag: string
  readonly figure: number
  readonly takesSeed?: false
}

export type NightlyPart = NightlyTests | NightlyProgram

export function isProgram(part: NightlyPart): part is NightlyProgram {
  return 'program' in part
}

const LEDGER = 'test/crash/ledger/run.ts'

/** The parts of the plan that have more to do at night than in a pull request. */
export const parts: Readonly<Record<string, NightlyPart>> = {
  truncation: { what: 'every cut, every flipped bit', file: 'recovery.test.ts', scale: 2 },
  large: { what: 'every cut and every flipped bit of a log of 64 KiB', file: 'large-log.test.ts', scale: 1340 },
  bodies: { what: 'the same for bodies that are encrypted and compressed', file: 'body', scale: 2 },
  salvage: { what: 'every flipped bit, and what salvage gets back', file: 'salvage', scale: 2 },
  cursors: { what: 'every flipped bit of a cursor', file: 'cursor.test.ts', scale: 2 },
  sectors: { what: 'every sector lost, moved, misdirected, stale; pairs', file: 'sectors.test.ts', scale: 2 },
  points: { what: 'a power cut at every change, half a million states', file: 'crash-points.test.ts', scale: 165 },
  crashes: { what: 'random work and random crashes', file: 'crash-model.test.ts', scale: 100 },
  damage: { what: 'random damage', file: 'damage-model.test.ts', scale: 50 },
  commands: { what: 'random commands and kills, beside a model', file: 'command-model.test.ts', scale: 50 },
  crashedCommands: { what: 'crashes in the middle of them', file: 'crash-commands.test.ts', scale: 100 },
  unevenDisk: { what: 'calls that overtake each other and fail', file: 'uneven-disk.test.ts', scale: 100 },
  oracle: { what: 'random commands, beside SQLite', file: 'sqlite/oracle.test.ts', scale: 100 },
  faults: { what: 'every call fails, once and for ever, or is slow', file: 'faults.test.ts', scale: 2 },
  lock: { what: 'races for the lock', file: 'lock.test.ts', scale: 20 },
  bytes: { what: 'anything in any file', file: 'arbitrary-bytes.test.ts', scale: 2500 },
  looks: { what: 'damaged directories that the command line looks into', file: 'looked-into.test.ts', scale: 100 },
  kills: { what: 'kills of a receiver under load', program: 'test/crash/run.ts', flag: '--rounds', figure: 1_000 },
  many: { what: 'kills of many buffers', program: 'test/crash/many/run.ts', flag: '--kills', figure: 10_000 },
  books: { what: 'events by numbers, and 20 kills', program: LEDGER, flag: '--events', figure: 1_000_000 },
  powerCuts: { what: 'the same while the power is cut', program: LEDGER, flag: '--power-cuts', figure: 200 },
  diskFaults: { what: 'the same on disks that fail', program: LEDGER, flag: '--disk-faults', figure: 200 },
  full: { what: 'disks that are filled to the last byte', program: LEDGER, flag: '--full', figure: 20 },
  cluster: {
    what: 'events for three processes, and 20 kills',
    program: 'test/shards/run.ts',
    flag: '--events',
    figure: 20_000,
  },
  backlog: {
    what: 'events that wait, of 200 B and of 1 kB',
    program: 'test/crash/backlog.ts',
    flag: '--events',
    figure: 10_000_000,
    takesSeed: false,
  },
}
