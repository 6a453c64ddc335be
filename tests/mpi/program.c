/* Ranks of an MPI step that behave well or badly, as their first argument says; the second is the
 * rank that misbehaves. */

#define _GNU_SOURCE

#include <mpi.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rank;
static int size;

static void say(const char* text) {
  printf("%s %d of %d\n", text, rank, size);
  fflush(stdout);
}

/* The hardware threads this rank may use, as "0,2". */
static void print_cpus(void) {
  cpu_set_t set;
  const char* comma = "";
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  printf("rank %d of %d cpus ", rank, size);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET((unsigned)cpu, &set)) continue;
    printf("%s%d", comma, cpu);
    comma = ",";
  }
  printf("\n");
  fflush(stdout);
}

/* A number goes once around; each rank adds one. */
static void ring(void) {
  int token = 0;
  if (rank != 0) {
    MPI_Recv(&token, 1, MPI_INT, rank - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  }
  ++token;
  MPI_Send(&token, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD);
  if (rank == 0) {
    MPI_Recv(&token, 1, MPI_INT, size - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    printf("ring %d\n", token);
  }
}

/* Each rank gives the next one 4 MiB; returns how many right bytes came from the one before. */
static int carry(void) {
  enum { n_bytes = 4 << 20 };
  static char mine[n_bytes];
  static char got[n_bytes];
  const int from = (rank + size - 1) % size;
  int n_right = 0;
  memset(mine, rank + 1, n_bytes);
  MPI_Sendrecv(mine, n_bytes, MPI_BYTE, (rank + 1) % size, 0, got, n_bytes, MPI_BYTE, from, 0,
               MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  for (int i = 0; i < n_bytes; ++i) n_right += got[i] == from + 1;
  return n_right;
}

static void allreduce(void) {
  int local_size = 0;
  long sum = 0;
  long mine = rank + 1;
  MPI_Comm local;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local);
  MPI_Comm_size(local, &local_size);
  MPI_Allreduce(&mine, &sum, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  printf("sum %ld local %d\n", sum, local_size);
  MPI_Comm_free(&local);
}

/* The first rank publishes a name, the last one looks it up; then it is taken back. */
static void names(void) {
  char port[MPI_MAX_PORT_NAME] = "port#7$"; /* which nobody opens */
  char found[MPI_MAX_PORT_NAME] = "none";
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (rank == 0) {
    MPI_Publish_name("service", MPI_INFO_NULL, port);
    printf("twice %d\n", MPI_Publish_name("service", MPI_INFO_NULL, port) == MPI_SUCCESS);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == size - 1) {
    MPI_Lookup_name("service", MPI_INFO_NULL, found);
    printf("same %d\n", strcmp(port, found) == 0);
    MPI_Unpublish_name("service", MPI_INFO_NULL, port);
    printf("gone %d\n", MPI_Lookup_name("service", MPI_INFO_NULL, found) != MPI_SUCCESS);
  }
}

static void spawn(void) {
  MPI_Comm children;
  MPI_Comm_spawn("/bin/true", MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &children,
                 MPI_ERRCODES_IGNORE);
}

/* Rank 0 prints its input. */
static void cat(void) {
  char piece[65536];
  size_t n_bytes = 0;
  while (rank == 0 && (n_bytes = fread(piece, 1, sizeof piece, stdin)) > 0) {
    fwrite(piece, 1, n_bytes, stdout);
  }
}

static void wait_for_ever(void) {
  for (;;) pause();
}

/* For a message that nobody sends. */
static void deadlock(void) {
  int never = 0;
  MPI_Recv(&never, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void carry_and_wait(void) {
  printf("carried %d\n", carry());
  fflush(stdout);
  wait_for_ever();
}

static void carry_on(void) {
  for (;;) (void)carry();
}

static void misbehave(const char* how) {
  if (strcmp(how, "abort") == 0) MPI_Abort(MPI_COMM_WORLD, 42);
  if (strcmp(how, "exit3") == 0) _exit(3);
  if (strcmp(how, "segfault") == 0) {
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
  }
  if (strcmp(how, "no-finalize") == 0) _exit(0);
  if (strcmp(how, "fail-after") == 0) {
    MPI_Finalize();
    exit(3);
  }
}

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "hello";
  const int bad_rank = argc > 2 ? atoi(argv[2]) : -1;
  const char* number = getenv("MUSTER_RANK");
  const int my_number = number != NULL ? atoi(number) : -1;

  if (strcmp(how, "before-init") == 0 && my_number == bad_rank) return 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (strcmp(how, "quiet") == 0) {
    MPI_Finalize();
    return 0;
  }
  say("hello");
  if (strcmp(how, "cpus") == 0) print_cpus();
  if (strcmp(how, "ring") == 0) ring();
  if (strcmp(how, "allreduce") == 0) allreduce();
  if (strcmp(how, "carry") == 0) carry_and_wait();
  if (strcmp(how, "carry-on") == 0) carry_on();
  if (strcmp(how, "cat") == 0) cat();
  if (strcmp(how, "names") == 0) names();
  if (strcmp(how, "spawn") == 0) spawn();
  if (strcmp(how, "sleep") == 0) wait_for_ever();
  if (strcmp(how, "deadlock") == 0) deadlock();
  /* Ranks that are still in MPI_Init may notice the end of another, and abort. */
  if (bad_rank >= 0) MPI_Barrier(MPI_COMM_WORLD);
  if (rank == bad_rank) misbehave(how);
  /* The others wait for a rank that will never come. */
  if (bad_rank >= 0 && strcmp(how, "fail-after") != 0) MPI_Barrier(MPI_COMM_WORLD);
  MPI_Finalize();
  return 0;
}
