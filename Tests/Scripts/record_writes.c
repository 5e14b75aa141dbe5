// Loaded into a program with LD_PRELOAD, it records every call that changes files below some folders, in the order in which the
// changes take effect, so that disk_model.py can tell what a power failure may leave. What a sync promises is recorded too; the
// device itself is not made to sync.
//
// RECORD_ROOTS: the folders, with all links resolved, separated by colons.  RECORD_LOG: where records are appended to.
// RECORD_STOP: the number of the record after which each recorded process is killed.  RECORD_SYNC: microseconds a sync takes.
//
// A call that changes files in a way that is not known here leaves a record `X`, with which the script gives up.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
    uint32_t magic;
    uint32_t kind;
    uint64_t device, inode, offset;
    uint32_t path, other, bytes, reserved;
};

enum { MAGIC = 0x44455357, LONGEST = 2 * PATH_MAX + 2 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *roots;
static int log_descriptor = -1;
static uint64_t *count, stop;
static unsigned sync_time;

#define REAL(name, result, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static void give_up(const char *what) {
    fprintf(stderr, "record_writes: %s: %s\n", what, strerror(errno));
    _exit(99);
}

static void begin(void) {
    const char *path = getenv("RECORD_LOG");
    roots = getenv("RECORD_ROOTS");
    if (!path || !roots) return;
    char counter[PATH_MAX];
    snprintf(counter, sizeof counter, "%s.count", path);
    int descriptor = syscall(SYS_openat, AT_FDCWD, counter, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0 || syscall(SYS_ftruncate, descriptor, sizeof *count) != 0) give_up(counter);
    count = (uint64_t *)syscall(SYS_mmap, 0, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (count == MAP_FAILED) give_up(counter);
    syscall(SYS_close, descriptor);
    descriptor = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) give_up(path);
    // Out of the way of programs that count on small numbers.
    log_descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 900);
    if (log_descriptor < 0) log_descriptor = descriptor;
    if (getenv("RECORD_STOP")) stop = strtoull(getenv("RECORD_STOP"), 0, 10);
    if (getenv("RECORD_SYNC")) sync_time = atoi(getenv("RECORD_SYNC"));
}

static int is_recording(void) {
    pthread_once(&once, begin);
    return log_descriptor >= 0;
}

/// One change at a time, among threads and processes.
static void lock(void) {
    pthread_mutex_lock(&mutex);
    while (flock(log_descriptor, LOCK_EX) != 0) {}
    if (stop && *count >= stop) kill(getpid(), SIGKILL);
}

static void unlock(void) {
    int error = errno;
    flock(log_descriptor, LOCK_UN);
    pthread_mutex_unlock(&mutex);
    errno = error;
}

static void put(const void *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = syscall(SYS_write, log_descriptor, bytes, size);
        if (written < 0 && errno != EINTR) give_up("cannot record");
        if (written > 0) bytes = (const char *)bytes + written, size -= written;
    }
}

/// Returns the number of the record.
static uint64_t record(
    char kind, const struct stat *status, uint64_t offset, const char *path, const char *other, const void *bytes, size_t size) {
    int error = errno;
    struct record head = {
        .magic = MAGIC, .kind = kind, .device = status ? status->st_dev : 0, .inode = status ? status->st_ino : 0,
        .offset = offset, .path = path ? strlen(path) : 0, .other = other ? strlen(other) : 0, .bytes = size};
    put(&head, sizeof head);
    put(path, head.path);
    put(other, head.other);
    put(bytes, size);
    uint64_t number = ++*count;
    if (stop && number >= stop) kill(getpid(), SIGKILL);
    errno = error;
    return number;
}

static int is_below(const char *path) {
    for (const char *root = roots; *root;) {
        size_t length = strcspn(root, ":");
        if (strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0)) return 1;
        root += length + (root[length] == ':');
    }
    return 0;
}

/// The absolute path of a name, links in the folders before it resolved; false if it is outside of the folders.
static int resolve(int folder, const char *path, char *resolved) {
    if (!is_recording() || !path) return 0;
    int error = errno;
    char whole[PATH_MAX], parent[PATH_MAX];
    int fits;
    if (path[0] == '/') {
        fits = snprintf(whole, sizeof whole, "%s", path);
    } else {
        char base[PATH_MAX], link[64];
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        base[length < 0 ? 0 : length] = 0;
        fits = snprintf(whole, sizeof whole, "%s/%s", base, path);
    }
    if (fits >= (int)sizeof whole) return errno = error, 0;
    while (fits > 1 && whole[fits - 1] == '/') whole[--fits] = 0;
    char *name = strrchr(whole, '/');
    *name++ = 0;
    int known = realpath(whole[0] ? whole : "/", parent) != NULL;
    snprintf(resolved, LONGEST, "%s/%s", known ? parent : whole, name);
    errno = error;
    return is_below(resolved);
}

/// Whether the descriptor is of something below the folders.
static int is_tracked(int descriptor, struct stat *status, char *path) {
    if (!is_recording() || descriptor == log_descriptor) return 0;
    int error = errno, tracked = 0;
    char link[64];
    if (fstat(descriptor, status) == 0 && (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode))) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        ssize_t length = readlink(link, path, PATH_MAX - 1);
        path[length < 0 ? 0 : length] = 0;
        tracked = is_below(path);
    }
    errno = error;
    return tracked;
}

static void unknown(const char *call, const char *path) {
    if (!is_recording()) return;
    lock();
    record('X', 0, 0, path, call, 0, 0);
    unlock();
}

static void unknown_if_tracked(const char *call, int descriptor) {
    struct stat status;
    char path[PATH_MAX];
    if (is_tracked(descriptor, &status, path)) unknown(call, path);
}

/// The script says what it does, or has reached.
void record_note(const char *text) {
    if (!is_recording()) return;
    lock();
    record('N', 0, 0, text, 0, 0, 0);
    unlock();
}

// Opening

static int open_any(int (*real)(int, const char *, int, mode_t), int folder, const char *path, int flags, mode_t mode) {
    char resolved[LONGEST];
    int changes = (flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE;
    if (!changes || !resolve(folder, path, resolved)) return real(folder, path, flags, mode);
    if ((flags & O_TMPFILE) == O_TMPFILE) unknown("O_TMPFILE", resolved);
    struct stat status;
    lock();
    int existed = fstatat(folder, path, &status, (flags & O_NOFOLLOW) ? AT_SYMLINK_NOFOLLOW : 0) == 0;
    int descriptor = real(folder, path, flags, mode);
    if (descriptor >= 0 && fstat(descriptor, &status) == 0) {
        if (!existed) record('C', &status, 0, resolved, 0, 0, 0);
        else if (flags & O_TRUNC) record('T', &status, 0, resolved, 0, 0, 0);
    }
    unlock();
    return descriptor;
}

static int real_openat(int folder, const char *path, int flags, mode_t mode) {
    REAL(openat, int, int, const char *, int, ...);
    return real(folder, path, flags, mode);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }
#define OPEN(name) \
    int name(const char *path, int flags, ...) { MODE(flags) return open_any(real_openat, AT_FDCWD, path, flags, mode); }
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { MODE(flags) return open_any(real_openat, folder, path, flags, mode); }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
int __open_2(const char *path, int flags) { return open_any(real_openat, AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_any(real_openat, AT_FDCWD, path, flags, 0); }
int __openat_2(int folder, const char *path, int flags) { return open_any(real_openat, folder, path, flags, 0); }
int __openat64_2(int folder, const char *path, int flags) { return open_any(real_openat, folder, path, flags, 0); }
int creat(const char *path, mode_t mode) { return open_any(real_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

#define FOPEN(name) \
    FILE *name(const char *path, const char *how) { \
        REAL(name, FILE *, const char *, const char *); \
        char resolved[LONGEST]; \
        if (strpbrk(how, "wa+") && resolve(AT_FDCWD, path, resolved)) unknown(#name, resolved); \
        return real(path, how); \
    }
FOPEN(fopen)
FOPEN(fopen64)

// Writing

/// What is done with the lock held: `call` is the real one, `position` where it wrote, by the number of bytes.
#define WRITE(kind, call, position, bytes) \
    struct stat status; \
    char path[PATH_MAX]; \
    if (!is_tracked(descriptor, &status, path)) return call; \
    lock(); \
    ssize_t result = call; \
    if (result > 0) record(kind, &status, position, path, 0, bytes, result); \
    unlock(); \
    return result

ssize_t write(int descriptor, const void *bytes, size_t size) {
    REAL(write, ssize_t, int, const void *, size_t);
    WRITE('W', real(descriptor, bytes, size), lseek(descriptor, 0, SEEK_CUR) - result, bytes);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
    REAL(pwrite, ssize_t, int, const void *, size_t, off_t);
    WRITE('W', real(descriptor, bytes, size, offset), offset, bytes);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) { return pwrite(descriptor, bytes, size, offset); }

ssize_t writev(int descriptor, const struct iovec *parts, int number) {
    REAL(writev, ssize_t, int, const struct iovec *, int);
    struct stat status;
    char path[PATH_MAX];
    if (!is_tracked(descriptor, &status, path)) return real(descriptor, parts, number);
    lock();
    ssize_t result = real(descriptor, parts, number), left = result;
    off_t position = lseek(descriptor, 0, SEEK_CUR) - result;
    for (int part = 0; left > 0; part++) {
        ssize_t size = (ssize_t)parts[part].iov_len < left ? (ssize_t)parts[part].iov_len : left;
        record('W', &status, position, path, 0, parts[part].iov_base, size);
        position += size;
        left -= size;
    }
    unlock();
    return result;
}

int ftruncate(int descriptor, off_t size) {
    REAL(ftruncate, int, int, off_t);
    struct stat status;
    char path[PATH_MAX];
    if (!is_tracked(descriptor, &status, path)) return real(descriptor, size);
    lock();
    int result = real(descriptor, size);
    if (result == 0) record('T', &status, size, path, 0, 0, 0);
    unlock();
    return result;
}

int ftruncate64(int descriptor, off64_t size) { return ftruncate(descriptor, size); }

/// SQLite maps the index of its write-ahead log, which it makes anew after a failure; nothing else may be written so.
#define MMAP(name) \
    void *name(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) { \
        REAL(name, void *, void *, size_t, int, int, int, off_t); \
        struct stat status; \
        char path[PATH_MAX]; \
        int writes = (protection & PROT_WRITE) && (flags & MAP_SHARED) && !(flags & MAP_ANONYMOUS); \
        if (writes && is_tracked(descriptor, &status, path)) { \
            size_t length = strlen(path); \
            if (length < 4 || strcmp(path + length - 4, "-shm") != 0) unknown(#name, path); \
        } \
        return real(address, size, protection, flags, descriptor, offset); \
    }
MMAP(mmap)
MMAP(mmap64)

// Syncing

/// A sync covers what was done before it began, and promises it when it ends.
static int synchronize(int descriptor, int (*real)(int)) {
    struct stat status;
    char path[PATH_MAX];
    if (!is_tracked(descriptor, &status, path)) return real(descriptor);
    lock();
    uint64_t number = record('B', &status, 0, path, 0, 0, 0);
    unlock();
    usleep(sync_time);
    lock();
    record('E', &status, number, path, 0, 0, 0);
    unlock();
    return 0;
}

int fsync(int descriptor) {
    REAL(fsync, int, int);
    return synchronize(descriptor, real);
}

int fdatasync(int descriptor) {
    REAL(fdatasync, int, int);
    return synchronize(descriptor, real);
}

// Names

/// A call that gives, takes or moves names; `done` records it.
#define CHANGE(call, done) \
    lock(); \
    int result = call; \
    if (result == 0) done; \
    unlock(); \
    return result

static int named(char kind, const char *resolved) {
    struct stat status;
    if (lstat(resolved, &status) == 0) record(kind, &status, 0, resolved, 0, 0, 0);
    return 0;
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir, int, const char *, mode_t);
    char resolved[LONGEST];
    if (!resolve(AT_FDCWD, path, resolved)) return real(path, mode);
    CHANGE(real(path, mode), named('M', resolved));
}

int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(mkdirat, int, int, const char *, mode_t);
    char resolved[LONGEST];
    if (!resolve(folder, path, resolved)) return real(folder, path, mode);
    CHANGE(real(folder, path, mode), named('M', resolved));
}

int linkat(int from, const char *path, int to, const char *name, int flags) {
    REAL(linkat, int, int, const char *, int, const char *, int);
    char resolved[LONGEST];
    if (!resolve(to, name, resolved)) return real(from, path, to, name, flags);
    CHANGE(real(from, path, to, name, flags), named('L', resolved));
}

int link(const char *path, const char *name) { return linkat(AT_FDCWD, path, AT_FDCWD, name, 0); }

int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat, int, int, const char *, int);
    char resolved[LONGEST];
    if (!resolve(folder, path, resolved)) return real(folder, path, flags);
    CHANGE(real(folder, path, flags), record('U', 0, 0, resolved, 0, 0, 0));
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int remove(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) ? rmdir(path) : unlink(path);
}

static long rename_any(int from, const char *path, int to, const char *name, unsigned flags) {
    REAL(syscall, long, long, ...);
    char old[LONGEST], new[LONGEST];
    int is_ours = resolve(from, path, old);
    if (!resolve(to, name, new) && !is_ours) return real(SYS_renameat2, from, path, to, name, flags);
    if (flags & ~1u) unknown("renameat2", old);
    CHANGE(real(SYS_renameat2, from, path, to, name, flags), record('R', 0, 0, old, new, 0, 0));
}

int rename(const char *path, const char *name) { return rename_any(AT_FDCWD, path, AT_FDCWD, name, 0); }
int renameat(int from, const char *path, int to, const char *name) { return rename_any(from, path, to, name, 0); }
int renameat2(int from, const char *path, int to, const char *name, unsigned flags) {
    return rename_any(from, path, to, name, flags);
}

// What is not recorded is refused.

long syscall(long number, ...) {
    REAL(syscall, long, long, ...);
    va_list rest;
    va_start(rest, number);
    long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
    long d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
    va_end(rest);
    switch (number) {
    case SYS_renameat2: return rename_any(a, (const char *)b, c, (const char *)d, e);
    case SYS_copy_file_range: unknown_if_tracked("copy_file_range", c); break;
    case SYS_pwritev2: case SYS_fallocate: unknown_if_tracked("fallocate or pwritev2", a); break;
    case SYS_openat2: case SYS_io_uring_setup: unknown("openat2 or io_uring", "syscall"); break;
    }
    return real(number, a, b, c, d, e, f);
}

#define REFUSE_OF(name, result, descriptor, declared, ...) \
    result name declared { \
        static result (*real) declared; \
        if (!real) real = (result(*) declared)dlsym(RTLD_NEXT, #name); \
        unknown_if_tracked(#name, descriptor); \
        return real(__VA_ARGS__); \
    }
REFUSE_OF(pwritev, ssize_t, file, (int file, const struct iovec *parts, int number, off_t offset), file, parts, number, offset)
REFUSE_OF(pwritev64, ssize_t, file, (int file, const struct iovec *parts, int number, off64_t offset), file, parts, number, offset)
REFUSE_OF(fallocate, int, file, (int file, int mode, off_t offset, off_t size), file, mode, offset, size)
REFUSE_OF(posix_fallocate, int, file, (int file, off_t offset, off_t size), file, offset, size)
REFUSE_OF(sendfile, ssize_t, to, (int to, int from, off_t *offset, size_t size), to, from, offset, size)
REFUSE_OF(sendfile64, ssize_t, to, (int to, int from, off64_t *offset, size_t size), to, from, offset, size)
REFUSE_OF(copy_file_range, ssize_t, to, (int from, off64_t *start, int to, off64_t *end, size_t size, unsigned flags),
    from, start, to, end, size, flags)

#define REFUSE_AT(name, refused, declared, ...) \
    int name declared { \
        static int (*real) declared; \
        if (!real) real = (int(*) declared)dlsym(RTLD_NEXT, #name); \
        char resolved[LONGEST]; \
        if (resolve(AT_FDCWD, refused, resolved)) unknown(#name, resolved); \
        return real(__VA_ARGS__); \
    }
REFUSE_AT(symlink, name, (const char *target, const char *name), target, name)
REFUSE_AT(truncate, path, (const char *path, off_t size), path, size)
