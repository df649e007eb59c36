/*
 * A disk that fails, for LD_PRELOAD: syncs that end with EIO, that take long, and writes that take only half. It concerns files below
 * HOLDFAST_FAULT_PATH only.
 *
 *   HOLDFAST_FAULT_SYNC_AT      which sync fails, counted from 1; 0: none
 *   HOLDFAST_FAULT_SYNC_COUNT   how many fail from there on
 *   HOLDFAST_FAULT_DELAY_MS     how long every sync takes, at least
 *   HOLDFAST_FAULT_SHORT_EVERY  which write of so many takes only half; 0: none
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static atomic_long syncs, writes;

static long setting(const char *name) {
  const char *value = getenv(name);
  return value ? atol(value) : 0;
}

static int is_concerned(int file) {
  const char *wanted = getenv("HOLDFAST_FAULT_PATH");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (!wanted || length < 0) return 0;
  path[length] = 0;
  return strncmp(path, wanted, strlen(wanted)) == 0;
}

static int sync_with_faults(int file, const char *name) {
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  if (!is_concerned(file)) return real(file);
  long delay = setting("HOLDFAST_FAULT_DELAY_MS"), at = setting("HOLDFAST_FAULT_SYNC_AT");
  struct timespec time = {delay / 1000, delay % 1000 * 1000000};
  if (delay > 0) nanosleep(&time, NULL);
  long count = atomic_fetch_add(&syncs, 1) + 1;
  if (at > 0 && count >= at && count < at + setting("HOLDFAST_FAULT_SYNC_COUNT")) {
    errno = EIO;
    return -1;
  }
  return real(file);
}

static int is_short(int file, size_t length) {
  long every = setting("HOLDFAST_FAULT_SHORT_EVERY");
  return every > 0 && length > 1 && is_concerned(file) && (atomic_fetch_add(&writes, 1) + 1) % every == 0;
}

static ssize_t write_with_faults(int file, const void *bytes, size_t length, off_t at, const char *name) {
  ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, name);
  return real(file, bytes, is_short(file, length) ? length / 2 : length, at);
}

static ssize_t writev_with_faults(int file, const struct iovec *parts, int count, off_t at, const char *name) {
  ssize_t (*real)(int, const struct iovec *, int, off_t) = dlsym(RTLD_NEXT, name);
  if (count < 1 || !is_short(file, parts[0].iov_len)) return real(file, parts, count, at);
  struct iovec half = {parts[0].iov_base, parts[0].iov_len / 2};
  return real(file, &half, 1, at);
}

int fsync(int file) { return sync_with_faults(file, "fsync"); }
int fdatasync(int file) { return sync_with_faults(file, "fdatasync"); }
ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
  return write_with_faults(file, bytes, length, at, "pwrite");
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
  return write_with_faults(file, bytes, length, at, "pwrite64");
}
ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at) {
  return writev_with_faults(file, parts, count, at, "pwritev");
}
ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at) {
  return writev_with_faults(file, parts, count, at, "pwritev64");
}
