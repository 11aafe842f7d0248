// How long threads that wait for one another stay awake: part of our programs, not of the libraries.
//
// By default the threads of libgomp, on which libtorch's operators run, look for new work for a few
// milliseconds at full speed before they sleep. Beside other programs that takes the processor from
// those that they wait for: pictures took twenty times as long. A thirtieth of that time costs nothing
// where nothing else runs. libgomp reads the setting before `main`, when it is loaded; this runs
// before any library's initialiser, and starts the program once more with the setting, which takes
// a few milliseconds. Whoever has set OMP_WAIT_POLICY or GOMP_SPINCOUNT knows better.

#if defined(__linux__)
#include <limits.h>
#include <string.h>
#include <unistd.h>

static void start_with_short_waits(int argc, char **argv, char **environment) {
  (void)argc;
  int count = 0;
  for (; environment[count]; count++) {
    if (!strncmp(environment[count], "OMP_WAIT_POLICY=", 16) ||
        !strncmp(environment[count], "GOMP_SPINCOUNT=", 15))
      return;
  }
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  char *changed[count + 2];
  memcpy(changed, environment, (size_t)count * sizeof *environment);
  changed[count] = "GOMP_SPINCOUNT=10000";
  changed[count + 1] = 0;
  execve(path, argv, changed);
  // Where that is not allowed, the program goes on as it is.
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(
    int, char **, char **) = start_with_short_waits;
#endif
