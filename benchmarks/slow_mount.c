/* Waits before every open, stat, listing and read below one folder, as a mount over a slow network does: slow_mount.py. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILES 65536

static char below[FILES]; /* whether a descriptor is of a file below the folder */

static int slow(const char *path) {
    static const char *folder;
    if (folder == NULL && (folder = getenv("SLOW_FOLDER")) == NULL) folder = "";
    size_t length = strlen(folder);
    return length && path && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static void lag(void) {
    static long ms = -1;
    if (ms < 0) {
        const char *told = getenv("SLOW_MS");
        ms = told ? atol(told) : 0;
    }
    struct timespec wait = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&wait, NULL);
}

static int note(int file, int is_slow) {
    if (file >= 0 && file < FILES) below[file] = (char)is_slow;
    return file;
}

static int of_slow(int file) { return file >= 0 && file < FILES && below[file]; }

#define NEXT(type, name, ...) \
    static type (*next)(__VA_ARGS__); \
    if (!next) next = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        NEXT(int, name, const char *, int, ...); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        int is_slow = slow(path); \
        if (is_slow) lag(); \
        return note(next(path, flags, mode), is_slow); \
    }
OPEN(open)
OPEN(open64)

#define FOPEN(name) \
    FILE *name(const char *path, const char *mode) { \
        NEXT(FILE *, name, const char *, const char *); \
        if (slow(path)) lag(); \
        return next(path, mode); \
    }
FOPEN(fopen)
FOPEN(fopen64)

#define STAT(name, type) \
    int name(const char *path, struct type *told) { \
        NEXT(int, name, const char *, struct type *); \
        if (slow(path)) lag(); \
        return next(path, told); \
    }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)

#define STATAT(name, type) \
    int name(int folder, const char *path, struct type *told, int flags) { \
        NEXT(int, name, int, const char *, struct type *, int); \
        if (slow(path)) lag(); \
        return next(folder, path, told, flags); \
    }
STATAT(fstatat, stat)
STATAT(fstatat64, stat64)

DIR *opendir(const char *path) {
    NEXT(DIR *, opendir, const char *);
    if (slow(path)) lag();
    return next(path);
}

ssize_t read(int file, void *to, size_t count) {
    NEXT(ssize_t, read, int, void *, size_t);
    if (of_slow(file)) lag();
    return next(file, to, count);
}

#define PREAD(name, offset_type) \
    ssize_t name(int file, void *to, size_t count, offset_type offset) { \
        NEXT(ssize_t, name, int, void *, size_t, offset_type); \
        if (of_slow(file)) lag(); \
        return next(file, to, count, offset); \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

int close(int file) {
    NEXT(int, close, int);
    note(file, 0);
    return next(file);
}
