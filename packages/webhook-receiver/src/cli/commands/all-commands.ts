import type { Command } from '../command.ts'
import { connectorLint } from './connector-lint.ts'
import { listDeadLetters, purgeDeadLetters, redriveDeadLetters } from './dead-letters.ts'
import { exportEvents } from './export.ts'
import { gateway } from './gateway.ts'
import { importEvents } from './import.ts'
import { inspect } from './inspect.ts'
import { move } from './move.ts'
import { repair } from './repair.ts'
import { replay } from './replay.ts'
import { send } from './send.ts'
import { stats } from './stats.ts'
import { tail } from './tail.ts'
import { verify } from './verify.ts'

/** Every command, in the order of the help. */
export const allCommands: readonly Command[] = [
  inspect,
  stats,
  tail,
  verify,
  exportEvents,
  importEvents,
  move,
  replay,
  listDeadLetters,
  redriveDeadLetters,
  purgeDeadLetters,
  repair,
  gateway,
  send,
  connectorLint,
]
