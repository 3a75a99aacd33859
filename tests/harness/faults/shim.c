/* Faults where a process meets the disk, for tests. Loaded before the C library (LD_PRELOAD), it counts
 * what the host does to files below MAPWRIGHT_FAULT_DIR and, at the call that MAPWRIGHT_FAULT names,
 * does what it says. The host itself knows nothing of it.
 *
 *   MAPWRIGHT_FAULT=WHAT@CALL:N      at the N-th CALL (from 1)
 *     CALL  write | sync | rename | truncate | any
 *     WHAT  kill      the process is killed instead of the call
 *           torn      half of the bytes are written, then the process is killed
 *           powercut  whatever no sync has covered is taken back, then the process is killed
 *           eio       this one call fails with EIO
 *           enospc    this and every later write or truncate fails with ENOSPC, as long as the file
 *                     MAPWRIGHT_FAULT_WHILE exists
 *   MAPWRIGHT_FAULT_COUNTS=FILE      five 64-bit counters (write, sync, rename, truncate, any), shared
 *
 * A power cut is the worst one allowed: every byte since the last sync of its file is lost. Names made
 * or changed in folders are not taken back. sync_file_range is no sync: it orders no disk to write. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum call { WRITE, SYNC, RENAME, TRUNCATE, ANY, CALLS };
enum what { NOTHING, KILL, TORN, POWERCUT, EIO_ONCE, ENOSPC_WHILE };

struct undo {
    struct undo *before;
    dev_t dev;
    ino_t ino;
    char *path;
    off_t size; /* of the file, before the write */
    off_t at;
    size_t length;
    char bytes[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char dir[PATH_MAX];
static size_t dir_length;
static enum what what;
static enum call at_call;
static uint64_t at_number;
static uint64_t own_counts[CALLS];
static uint64_t *counts = own_counts;
static struct undo *undos;
static int full;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_ftruncate)(int, off_t);

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    real_write = real("write");
    real_writev = real("writev");
    real_pwrite = real("pwrite64");
    real_fsync = real("fsync");
    real_fdatasync = real("fdatasync");
    real_rename = real("rename");
    real_ftruncate = real("ftruncate64");
    const char *below = getenv("MAPWRIGHT_FAULT_DIR");
    if (!below || !realpath(below, dir)) return;
    dir_length = strlen(dir);
    const char *file = getenv("MAPWRIGHT_FAULT_COUNTS");
    int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0 && real_ftruncate(fd, sizeof own_counts) == 0) {
        void *shared = mmap(NULL, sizeof own_counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (shared != MAP_FAILED) counts = memset(shared, 0, sizeof own_counts);
    }
    if (fd >= 0) close(fd);
    const char *fault = getenv("MAPWRIGHT_FAULT");
    char name[16], call[16];
    unsigned long long number;
    if (!fault || sscanf(fault, "%15[a-z]@%15[a-z]:%llu", name, call, &number) != 3) return;
    static const char *const whats[] = {"", "kill", "torn", "powercut", "eio", "enospc"};
    static const char *const calls[] = {"write", "sync", "rename", "truncate", "any"};
    for (int i = 1; i <= ENOSPC_WHILE; i++)
        if (!strcmp(name, whats[i])) what = i;
    for (int i = 0; i < CALLS; i++)
        if (!strcmp(call, calls[i])) at_call = i;
    at_number = number;
}

/* The path of an open file below the folder, or nothing. */
static int ours(int fd, char *path) {
    if (!dir_length) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return !strncmp(path, dir, dir_length) && path[dir_length] == '/';
}

static int named(const char *name) {
    char path[PATH_MAX];
    if (!dir_length) return 0;
    if (!realpath(name, path)) return 0;
    return !strncmp(path, dir, dir_length) && path[dir_length] == '/';
}

static void end_process(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static void cut_the_power(void) {
    for (struct undo *it = undos; it; it = it->before) {
        int fd = open(it->path, O_RDWR | O_CLOEXEC);
        struct stat now;
        if (fd < 0) continue;
        if (fstat(fd, &now) == 0 && now.st_ino == it->ino && now.st_dev == it->dev) {
            if (it->length && real_pwrite(fd, it->bytes, it->length, it->at) < 0) _exit(99);
            if (real_ftruncate(fd, it->size) < 0) _exit(99);
        }
        close(fd);
    }
    end_process();
}

/* Remembers what a write is about to replace. */
static void remember(int fd, const char *path, off_t at, size_t length) {
    if (what != POWERCUT) return;
    struct stat now;
    if (fstat(fd, &now) < 0) return;
    size_t old = at >= now.st_size ? 0 : (size_t)(now.st_size - at);
    if (old > length) old = length;
    struct undo *undo = malloc(sizeof *undo + old);
    if (!undo) _exit(98);
    int reader = open(path, O_RDONLY | O_CLOEXEC);
    if (old && (reader < 0 || pread(reader, undo->bytes, old, at) != (ssize_t)old)) _exit(97);
    if (reader >= 0) close(reader);
    undo->before = undos;
    undo->dev = now.st_dev;
    undo->ino = now.st_ino;
    undo->path = strdup(path);
    undo->size = now.st_size;
    undo->at = at;
    undo->length = old;
    undos = undo;
}

static void synced(int fd) {
    struct stat now;
    if (what != POWERCUT || fstat(fd, &now) < 0) return;
    for (struct undo **it = &undos; *it;) {
        struct undo *undo = *it;
        if (undo->ino == now.st_ino && undo->dev == now.st_dev) {
            *it = undo->before;
            free(undo->path);
            free(undo);
        } else {
            it = &undo->before;
        }
    }
}

/* Counts a call; says what is to be done instead of it. Called with the lock held. */
static enum what count(enum call call) {
    uint64_t all = __atomic_add_fetch(&counts[ANY], 1, __ATOMIC_RELAXED);
    uint64_t one = __atomic_add_fetch(&counts[call], 1, __ATOMIC_RELAXED);
    uint64_t number = at_call == ANY ? all : one;
    if (what == ENOSPC_WHILE && at_number == 0) {
        /* Whenever the flag is there, from the start on. */
        const char *flag = getenv("MAPWRIGHT_FAULT_WHILE");
        int is_full = (call == WRITE || call == TRUNCATE) && flag && access(flag, F_OK) == 0;
        return is_full ? ENOSPC_WHILE : NOTHING;
    }
    int met = what != NOTHING && (at_call == ANY || at_call == call) && number == at_number;
    if (met && what == ENOSPC_WHILE) full = 1;
    if (full && (call == WRITE || call == TRUNCATE)) {
        const char *flag = getenv("MAPWRIGHT_FAULT_WHILE");
        if (flag && access(flag, F_OK) == 0) return ENOSPC_WHILE;
        full = 0;
        what = NOTHING;
    }
    if (!met || what == ENOSPC_WHILE) return NOTHING;
    if (what == POWERCUT) cut_the_power();
    if (what == KILL || (what == TORN && call != WRITE)) end_process();
    return what;
}

static ssize_t written(int fd, const void *bytes, size_t length, off_t at, int positioned) {
    char path[PATH_MAX];
    if (!ours(fd, path))
        return positioned ? real_pwrite(fd, bytes, length, at) : real_write(fd, bytes, length);
    pthread_mutex_lock(&lock);
    enum what fault = count(WRITE);
    ssize_t answer = -1;
    if (fault == EIO_ONCE || fault == ENOSPC_WHILE) {
        errno = fault == EIO_ONCE ? EIO : ENOSPC;
    } else {
        off_t place = at;
        if (!positioned) {
            place = fcntl(fd, F_GETFL) & O_APPEND ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
        }
        remember(fd, path, place, length);
        size_t some = fault == TORN ? length / 2 : length;
        answer = positioned ? real_pwrite(fd, bytes, some, at) : real_write(fd, bytes, some);
        if (fault == TORN) end_process();
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return answer;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    return written(fd, bytes, length, 0, 0);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    return written(fd, bytes, length, at, 1);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    return written(fd, bytes, length, at, 1);
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
    char path[PATH_MAX];
    if (!ours(fd, path)) return real_writev(fd, parts, number);
    ssize_t all = 0;
    for (int i = 0; i < number; i++) {
        ssize_t some = written(fd, parts[i].iov_base, parts[i].iov_len, 0, 0);
        if (some < 0) return all ? all : -1;
        all += some;
        if ((size_t)some < parts[i].iov_len) break;
    }
    return all;
}

static int sync_with(int fd, int (*sync)(int)) {
    char path[PATH_MAX];
    if (!ours(fd, path)) return sync(fd);
    pthread_mutex_lock(&lock);
    int answer = -1;
    if (count(SYNC) == EIO_ONCE) {
        errno = EIO;
    } else {
        answer = sync(fd);
        if (answer == 0) synced(fd);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return answer;
}

int fsync(int fd) { return sync_with(fd, real_fsync); }
int fdatasync(int fd) { return sync_with(fd, real_fdatasync); }

int rename(const char *from, const char *to) {
    if (!named(from)) return real_rename(from, to);
    pthread_mutex_lock(&lock);
    int answer = -1;
    if (count(RENAME) == EIO_ONCE) {
        errno = EIO;
    } else {
        answer = real_rename(from, to);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return answer;
}

static int shortened(int fd, off_t length) {
    char path[PATH_MAX];
    if (!ours(fd, path)) return real_ftruncate(fd, length);
    pthread_mutex_lock(&lock);
    enum what fault = count(TRUNCATE);
    int answer = -1;
    if (fault == EIO_ONCE || fault == ENOSPC_WHILE) {
        errno = fault == EIO_ONCE ? EIO : ENOSPC;
    } else {
        struct stat now;
        if (fstat(fd, &now) == 0 && length < now.st_size)
            remember(fd, path, length, (size_t)(now.st_size - length));
        else
            remember(fd, path, length, 0);
        answer = real_ftruncate(fd, length);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return answer;
}

int ftruncate(int fd, off_t length) { return shortened(fd, length); }
int ftruncate64(int fd, off_t length) { return shortened(fd, length); }
