import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../clients/service-process.ts'

/** What each sync takes longer, in milliseconds. */
export const SYNC_DELAY_MS = 5

const SOURCE = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static int late(const char *name, int descriptor) {
  struct timespec delay = { 0, ${SYNC_DELAY_MS} * 1000000L };
  nanosleep(&delay, 0);
  return ((int (*)(int))dlsym(RTLD_NEXT, name))(descriptor);
}
int fsync(int descriptor) { return late("fsync", descriptor); }
int fdatasync(int descriptor) { return late("fdatasync", descriptor); }
`

/** Slows down what processes sync. */
export interface SlowSync {
  /** For the environment of a process whose `fsync` and `fdatasync` are to take longer. */
  readonly environment: Readonly<Record<string, string>>
  dispose(): void
}

/** Whether this machine can do it: Linux, with a C compiler. */
export function canSlowSyncs(): boolean {
  return process.platform === 'linux' && compiler() !== ''
}

/** Compiles a library that the loader puts in front of the C library, whoever calls it: Node.js, SQLite, Redis or PostgreSQL. */
export function slowSyncs(): SlowSync {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-sync-'))
  // PostgreSQL runs under an account of its own.
  chmodSync(directory, 0o755)
  const source = join(directory, 'slow-sync.c')
  const library = join(directory, 'slow-sync.so')
  writeFileSync(source, SOURCE)
  execFileSync(compiler(), ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'], { stdio: 'pipe' })
  return {
    environment: { LD_PRELOAD: library },
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  }
}

function compiler(): string {
  return findProgram('cc') ?? ''
}
