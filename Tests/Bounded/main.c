// Runs a command with a limit of time and reports how it ended and how much memory it took.
//
// bounded SECONDS REPORT COMMAND ARGUMENT…: the seconds are those of a processor, which other work on
// the machine does not shorten; a command that only waits is ended after twelve times as long. The
// report holds the exit code, or 128 + the number of the signal that ended the command, and the
// largest resident memory in bytes.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void stop(int signal) {
  (void)signal;
  kill(child, SIGKILL);
}

int main(int count, char **arguments) {
  if (count < 4) return 64;
  int seconds = atoi(arguments[1]);
  child = fork();
  if (child == 0) {
    struct rlimit limit = {.rlim_cur = (rlim_t)seconds, .rlim_max = (rlim_t)seconds};
    if (setrlimit(RLIMIT_CPU, &limit) != 0) _exit(71);
    execv(arguments[3], arguments + 3);
    _exit(127);
  }
  if (child < 0) return 71;
  signal(SIGALRM, stop);
  alarm(12 * (unsigned)seconds);
  int status = 0;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) return 71;
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
#ifdef __APPLE__
  long bytes = usage.ru_maxrss;
#else
  long bytes = usage.ru_maxrss * 1024;
#endif
  FILE *report = fopen(arguments[2], "w");
  if (!report) return 73;
  fprintf(report, "%d %ld\n", code, bytes);
  fclose(report);
  return code;
}
