/* A disk whose syncs take longer: loaded before the C library, each fsync and fdatasync lasts as many
 * microseconds more as MAPWRIGHT_BENCH_SYNC_US says. For both sides of a comparison alike. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_longer(void)
{
    const char *text = getenv("MAPWRIGHT_BENCH_SYNC_US");
    long us = text ? atol(text) : 0;
    struct timespec wait = { us / 1000000, us % 1000000 * 1000 };
    nanosleep(&wait, NULL);
}

int fdatasync(int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int done = real(file);
    wait_longer();
    return done;
}

int fsync(int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int done = real(file);
    wait_longer();
    return done;
}
