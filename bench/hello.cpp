// What a launch of MPI ranks costs: MPI_Init, a check of the world, MPI_Finalize. With any argument
// ranks stay before the last until they are told to end.

#include <mpi.h>
#include <unistd.h>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  int sum = 0;
  const int one = 1;
  MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (argc > 1) pause();
  MPI_Finalize();
  return sum == size && size > 1 ? 0 : 1;
}
