/*
 * A disk that fails, put between a program and the system (LD_PRELOAD).
 * Holds: only files below a directory named log are touched, and only while the file that FAILING_DISK
 * names says which call fails: "sync" or "write" with EIO, "full" for writes with ENOSPC.
 * May not enter: anything that a node does by itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ordered(const char *call)
{
    char words[16] = {0};
    const char *orders = getenv("FAILING_DISK");
    if (!orders)
        return 0;
    int file = (int)syscall(SYS_openat, AT_FDCWD, orders, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    long count = syscall(SYS_read, file, words, sizeof words - 1);
    syscall(SYS_close, file);
    return count > 0 && strcmp(words, call) == 0;
}

static int is_of_the_log(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return strstr(path, "/log/") != NULL;
}

static long failing(int error)
{
    errno = error;
    return -1;
}

int fsync(int fd)
{
    if (ordered("sync") && is_of_the_log(fd))
        return (int)failing(EIO);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    if (ordered("sync") && is_of_the_log(fd))
        return (int)failing(EIO);
    return (int)syscall(SYS_fdatasync, fd);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    if (ordered("write") && is_of_the_log(fd))
        return failing(EIO);
    if (ordered("full") && is_of_the_log(fd))
        return failing(ENOSPC);
    return syscall(SYS_write, fd, bytes, count);
}
