// Two ranks: half the time of a round trip of 8 bytes in us, and MB/s of messages of 1 MiB, 64
// under way at a time. As the OSU micro-benchmarks do it (osu_latency, osu_bw,
// mvapich.cse.ohio-state.edu).

#include <mpi.h>

#include <array>
#include <cstdio>
#include <vector>

namespace {

constexpr int n_warm = 1000;
constexpr int n_trips = 20'000;
constexpr int window = 64;
constexpr int n_windows = 20;
constexpr int message = 1 << 20;

double latency_us(int rank) {
  std::array<char, 8> bytes{};
  const int other = 1 - rank;
  double begin = 0;
  for (int i = -n_warm; i < n_trips; ++i) {
    if (i == 0) begin = MPI_Wtime();
    if (rank == 0) MPI_Send(bytes.data(), bytes.size(), MPI_CHAR, other, 0, MPI_COMM_WORLD);
    MPI_Recv(bytes.data(), bytes.size(), MPI_CHAR, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank == 1) MPI_Send(bytes.data(), bytes.size(), MPI_CHAR, other, 0, MPI_COMM_WORLD);
  }
  return (MPI_Wtime() - begin) / n_trips / 2 * 1e6;
}

double bandwidth_mb_s(int rank) {
  std::vector<char> bytes(message);
  std::array<MPI_Request, window> requests{};
  double begin = 0;
  for (int i = -1; i < n_windows; ++i) {
    if (i == 0) begin = MPI_Wtime();
    for (auto& request : requests) {
      if (rank == 0) {
        MPI_Isend(bytes.data(), message, MPI_CHAR, 1, 1, MPI_COMM_WORLD, &request);
      } else {
        MPI_Irecv(bytes.data(), message, MPI_CHAR, 0, 1, MPI_COMM_WORLD, &request);
      }
    }
    MPI_Waitall(window, requests.data(), MPI_STATUSES_IGNORE);
    char answer = 0;
    if (rank == 0) MPI_Recv(&answer, 1, MPI_CHAR, 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank == 1) MPI_Send(&answer, 1, MPI_CHAR, 0, 2, MPI_COMM_WORLD);
  }
  return static_cast<double>(message) * window * n_windows / (MPI_Wtime() - begin) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int size = 0;
  int rank = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (size != 2) MPI_Abort(MPI_COMM_WORLD, 2);
  const double latency = latency_us(rank);
  const double bandwidth = bandwidth_mb_s(rank);
  if (rank == 0) std::printf("%.3f %.1f\n", latency, bandwidth);
  MPI_Finalize();
}
