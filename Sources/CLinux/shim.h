#pragma once
// Calls that Linux has but the Glibc module does not show, as functions with fixed argument types.
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/// Renames and refuses to replace: 0, or -1 and errno.
static inline int des_rename_noreplace(const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, -100 /* AT_FDCWD */, from, -100, to, 1 /* RENAME_NOREPLACE */);
}

/// The same for two names in one open folder.
static inline int des_rename_noreplace_in(int folder, const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, folder, from, folder, to, 1 /* RENAME_NOREPLACE */);
}

/// Opens a folder to look up names in it; reading it is not needed for that.
static inline int des_open_folder(const char *path) {
    return open(path, 010000000 /* O_PATH */ | O_DIRECTORY | O_CLOEXEC);
}

/// Opens a folder in an open one.
static inline int des_open_folder_in(int folder, const char *name) {
    return openat(folder, name, 010000000 /* O_PATH */ | O_DIRECTORY | O_CLOEXEC);
}

/// Takes a read lease (fcntl(2)): 0, or -1 and errno, EAGAIN if somebody has the file open for writing. Until the descriptor is
/// closed nobody can open it for writing. A writer who waits for that raises SIGURG, which is ignored unless somebody asks for it,
/// instead of SIGIO, which ends a process.
static inline int des_take_read_lease(int descriptor) {
    if (fcntl(descriptor, 10 /* F_SETSIG */, SIGURG) != 0) return -1;
    return fcntl(descriptor, 1024 /* F_SETLEASE */, F_RDLCK);
}

/// Gives blocks of that many bytes and more back to the system as soon as they are freed.
static inline void des_return_blocks(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }

/// Whether a signal is ignored: 1, or 0.
static inline int des_ignores_signal(int number) {
    struct sigaction action;
    return sigaction(number, 0, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Starts writing back what is dirty in a range, without waiting (a length of 0 means to the end).
static inline int des_start_writeback(int descriptor, long long offset, long long length) {
#ifdef SYS_sync_file_range
    return (int)syscall(SYS_sync_file_range, descriptor, offset, length, 2 /* SYNC_FILE_RANGE_WRITE */);
#else
    errno = ENOSYS;
    return -1;
#endif
}

/// Begins to bring a cache line in.
static inline void des_prefetch(const void *address) { __builtin_prefetch(address, 1); }

/// Names the calling thread; the kernel keeps 15 bytes.
static inline void des_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Reads at an offset what is in the page cache, without waiting for a disk: the number of bytes, or -1 and errno (EAGAIN when it
/// would have to wait, EOPNOTSUPP where the file system cannot tell).
static inline long des_read_cached(int descriptor, void *buffer, unsigned long count, long long offset) {
#ifdef SYS_preadv2
    struct iovec part = {buffer, count};
    return syscall(SYS_preadv2, descriptor, &part, 1UL, (unsigned long)offset, 0UL, 8 /* RWF_NOWAIT */);
#else
    errno = EOPNOTSUPP;
    return -1;
#endif
}
