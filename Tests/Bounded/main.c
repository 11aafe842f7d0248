// Runs a command with a limit of time and reports how it ended and how much memory it took.
//
// bounded SECONDS REPORT COMMAND ARGUMENT…: the report holds the exit code, or 128 + the number of
// the signal that ended the command, and the largest resident memory in bytes.
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
  child = fork();
  if (child == 0) {
    execv(arguments[3], arguments + 3);
    _exit(127);
  }
  if (child < 0) return 71;
  signal(SIGALRM, stop);
  alarm((unsigned)atoi(arguments[1]));
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
