// SPDX-License-Identifier: Apache-2.0
// A library that a test preloads into a program to learn what the program does to a folder, in order: each write with
// its bytes, each new name, and each sync. The log is what a disk could have seen, so a test can cut the power after
// any entry of it.
//
//   TEU_RECORD_ROOT   the folder; what lies outside is not noted
//   TEU_RECORD_LOG    the log, to which entries are appended
//
// An entry is a line of fields between tabs, `operation path …`, followed by as many bytes as its last field says:
//   write PATH OFFSET LENGTH    truncate PATH SIZE 0     sync PATH 0 (a file or a folder)     syncfs PATH 0
//   create PATH 0               mkdir PATH 0             rename FROM TO 0                     link FROM TO 0
//   unlink PATH 0               rmdir PATH 0             unknown PATH 0 (the test must fail)
//
// The call and its entry are one step for all threads, so the order of the log is the order of the calls.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static int log_fd = -1;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}

__attribute__((constructor)) static void start(void) {
  const char *folder = getenv("TEU_RECORD_ROOT");
  const char *log = getenv("TEU_RECORD_LOG");
  if (folder == NULL || log == NULL || realpath(folder, root) == NULL) return;
  log_fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t count = REAL(write)(log_fd, (const char *)bytes + done, length - done);
    if (count < 0 && errno != EINTR) abort();
    if (count > 0) done += (size_t)count;
  }
}

static int inside(const char *path) {
  size_t length = strlen(root);
  return log_fd >= 0 && length > 0 && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

// The path of a name in a folder, with links in the folder followed and the last part as it is.
static int path_at(int folder, const char *name, char *path) {
  char parent[PATH_MAX], joined[PATH_MAX], at[64];
  if (name[0] != '/') {
    snprintf(at, sizeof at, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
    ssize_t length = readlink(at, parent, sizeof parent - 1);
    if (length < 0) return 0;
    parent[length] = 0;
    if (snprintf(joined, sizeof joined, "%s/%s", parent, name) >= (int)sizeof joined) return 0;
  } else if (snprintf(joined, sizeof joined, "%s", name) >= (int)sizeof joined) {
    return 0;
  }
  for (size_t end = strlen(joined); end > 1 && joined[end - 1] == '/'; end--) joined[end - 1] = 0;
  char *slash = strrchr(joined, '/');
  if (slash == NULL) return 0;
  *slash = 0;
  if (realpath(joined[0] == 0 ? "/" : joined, parent) == NULL) return 0;
  return snprintf(path, PATH_MAX, "%s/%s", parent, slash + 1) < PATH_MAX && inside(path);
}

static int path_of(int fd, char *path) {
  char at[64];
  snprintf(at, sizeof at, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(at, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return inside(path);
}

static void note(const char *operation, const char *first, const char *second) {
  char line[2 * PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%s\t%s%s%s\t0\n", operation, first, second ? "\t" : "", second ? second : "");
  put(line, (size_t)length);
}

static void note_write(const char *path, off_t offset, const struct iovec *parts, int count, size_t length) {
  char line[PATH_MAX + 64];
  put(line, (size_t)snprintf(line, sizeof line, "write\t%s\t%lld\t%zu\n", path, (long long)offset, length));
  for (int i = 0; i < count && length > 0; i++) {
    size_t part = parts[i].iov_len < length ? parts[i].iov_len : length;
    put(parts[i].iov_base, part);
    length -= part;
  }
}

static ssize_t write_parts(int fd, const struct iovec *parts, int count, off_t offset) {
  char path[PATH_MAX];
  // Only a file keeps what is written to it; a pipe could block, and with it everybody.
  struct stat info;
  if (log_fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || !path_of(fd, path))
    return offset < 0 ? REAL(writev)(fd, parts, count) : REAL(pwritev)(fd, parts, count, offset);
  pthread_mutex_lock(&order);
  ssize_t written = offset < 0 ? REAL(writev)(fd, parts, count) : REAL(pwritev)(fd, parts, count, offset);
  int error = errno;
  if (written > 0) {
    // The position after the call tells where an appending write went.
    off_t at = offset < 0 ? lseek(fd, 0, SEEK_CUR) - written : offset;
    note_write(path, at, parts, count, (size_t)written);
  }
  pthread_mutex_unlock(&order);
  errno = error;
  return written;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  return write_parts(fd, &(struct iovec){(void *)bytes, length}, 1, -1);
}
ssize_t writev(int fd, const struct iovec *parts, int count) { return write_parts(fd, parts, count, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return write_parts(fd, &(struct iovec){(void *)bytes, length}, 1, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return pwrite(fd, bytes, length, offset); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return write_parts(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return write_parts(fd, parts, count, offset);
}

// Runs a call that succeeds with 0 (or a descriptor) and notes it, as one step.
#define STEP(result, call, known, entry)  \
  __typeof__(call) result;                \
  if (!(known)) return call;              \
  pthread_mutex_lock(&order);             \
  result = (call);                        \
  int error_ = errno;                     \
  if (result >= 0) entry;                 \
  pthread_mutex_unlock(&order);           \
  errno = error_;                         \
  return result

static int open_noted(int folder, const char *name, int flags, mode_t mode) {
  char path[PATH_MAX];
  int writes = (flags & (O_CREAT | O_TRUNC)) != 0 && (flags & O_TMPFILE) != O_TMPFILE;
  int known = writes && path_at(folder, name, path);
  int existed = known && faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  STEP(fd, REAL(openat)(folder, name, flags, mode), known, {
    if (!existed) note("create", path, NULL);
    else if (flags & O_TRUNC) note("truncate", path, "0");
  });
}

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

#define OPENING(folder, name, flags)                          \
  va_list rest;                                               \
  va_start(rest, flags);                                      \
  mode_t mode = mode_of(flags, rest);                         \
  va_end(rest);                                               \
  return open_noted(folder, name, flags, mode)

int open(const char *name, int flags, ...) { OPENING(AT_FDCWD, name, flags); }
int open64(const char *name, int flags, ...) { OPENING(AT_FDCWD, name, flags); }
int openat(int folder, const char *name, int flags, ...) { OPENING(folder, name, flags); }
int openat64(int folder, const char *name, int flags, ...) { OPENING(folder, name, flags); }

int ftruncate(int fd, off_t size) {
  char path[PATH_MAX], text[32];
  int known = log_fd >= 0 && path_of(fd, path);
  snprintf(text, sizeof text, "%lld", (long long)size);
  STEP(result, REAL(ftruncate)(fd, size), known, note("truncate", path, text));
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

int fallocate(int fd, int mode, off_t offset, off_t length) {
  char path[PATH_MAX];
  int known = log_fd >= 0 && path_of(fd, path);
  STEP(result, REAL(fallocate)(fd, mode, offset, length), known, note("unknown", path, NULL));
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) { return fallocate(fd, mode, offset, length); }

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
  char path[PATH_MAX];
  int known = log_fd >= 0 && path_of(to, path);
  STEP(result, REAL(copy_file_range)(from, from_at, to, to_at, length, flags), known, note("unknown", path, NULL));
}

int mkdirat(int folder, const char *name, mode_t mode) {
  char path[PATH_MAX];
  int known = path_at(folder, name, path);
  STEP(result, REAL(mkdirat)(folder, name, mode), known, note("mkdir", path, NULL));
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

char *mkdtemp(char *name) {
  char path[PATH_MAX];
  pthread_mutex_lock(&order);
  char *made = REAL(mkdtemp)(name);
  int error = errno;
  if (made != NULL && path_at(AT_FDCWD, made, path)) note("mkdir", path, NULL);
  pthread_mutex_unlock(&order);
  errno = error;
  return made;
}

int symlinkat(const char *content, int folder, const char *name) {
  char path[PATH_MAX];
  int known = path_at(folder, name, path);
  STEP(result, REAL(symlinkat)(content, folder, name), known, note("unknown", path, NULL));
}
int symlink(const char *content, const char *name) { return symlinkat(content, AT_FDCWD, name); }

int mknodat(int folder, const char *name, mode_t mode, dev_t device) {
  char path[PATH_MAX];
  int known = path_at(folder, name, path);
  STEP(result, REAL(mknodat)(folder, name, mode, device), known, note("unknown", path, NULL));
}
int mknod(const char *name, mode_t mode, dev_t device) { return mknodat(AT_FDCWD, name, mode, device); }

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  char source[PATH_MAX], target[PATH_MAX];
  int known = path_at(from_folder, from, source) & path_at(to_folder, to, target);
  STEP(result, REAL(renameat2)(from_folder, from, to_folder, to, flags), known, {
    if (flags != 0 && flags != RENAME_NOREPLACE) note("unknown", source, NULL);
    else note("rename", source, target);
  });
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  return renameat2(from_folder, from, to_folder, to, 0);
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  char source[PATH_MAX], target[PATH_MAX];
  int known = path_at(from_folder, from, source) & path_at(to_folder, to, target);
  STEP(result, REAL(linkat)(from_folder, from, to_folder, to, flags), known, note("link", source, target));
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, const char *name, int flags) {
  char path[PATH_MAX];
  int known = path_at(folder, name, path);
  const char *operation = flags & AT_REMOVEDIR ? "rmdir" : "unlink";
  STEP(result, REAL(unlinkat)(folder, name, flags), known, note(operation, path, NULL));
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int remove(const char *name) {
  int result = unlink(name);
  return result != 0 && errno == EISDIR ? rmdir(name) : result;
}

int fsync(int fd) {
  char path[PATH_MAX];
  int known = log_fd >= 0 && path_of(fd, path);
  STEP(result, REAL(fsync)(fd), known, note("sync", path, NULL));
}
int fdatasync(int fd) {
  char path[PATH_MAX];
  int known = log_fd >= 0 && path_of(fd, path);
  STEP(result, REAL(fdatasync)(fd), known, note("sync", path, NULL));
}
int syncfs(int fd) {
  char path[PATH_MAX];
  int known = log_fd >= 0 && path_of(fd, path);
  STEP(result, REAL(syncfs)(fd), known, note("syncfs", path, NULL));
}
