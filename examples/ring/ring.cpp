// The allreduce of Horovod and of Baidu before it: each rank passes parts of its gradients to the
// next around a ring, first adding them up, then handing the sums on. Every rank sends and receives
// 2 (n - 1) / n of the data, however many ranks there are.
// source: Patarasu, Yuan: Bandwidth optimal all-reduce algorithms for clusters of workstations,
// JPDC 69 (2009)
//
//   muster run ring [VALUES]
//
// Checks the sum against what it must be, and says how fast it was beside MPI_Allreduce.

#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

namespace {

struct Ring {
  int rank = 0;
  int size = 1;

  int next() const { return (rank + 1) % size; }
  int before() const { return (rank + size - 1) % size; }
  /// The part with this place around the ring, which may be negative.
  int part(int place) const { return (place % size + size) % size; }
};

/// Where each part begins, and at last the end.
std::vector<std::size_t> cut(std::size_t n_values, int n_parts) {
  std::vector<std::size_t> begins;
  for (int i = 0; i <= n_parts; ++i)
    begins.push_back(n_values * static_cast<std::size_t>(i) / static_cast<std::size_t>(n_parts));
  return begins;
}

/// Sends one part to the next rank while the one before sends another; returns that.
void exchange(const Ring& ring, const float* sent, std::size_t n_sent, std::vector<float>& got) {
  MPI_Sendrecv(sent, static_cast<int>(n_sent), MPI_FLOAT, ring.next(), 0, got.data(),
               static_cast<int>(got.size()), MPI_FLOAT, ring.before(), 0, MPI_COMM_WORLD,
               MPI_STATUS_IGNORE);
}

void ring_allreduce(const Ring& ring, std::vector<float>& values) {
  const auto begins = cut(values.size(), ring.size);
  const auto begin = [&](int part) { return begins[static_cast<std::size_t>(part)]; };
  const auto length = [&](int part) { return begin(part + 1) - begin(part); };
  for (int step = 0; step < 2 * (ring.size - 1); ++step) {
    const bool is_adding = step < ring.size - 1;
    const int sent = ring.part(ring.rank - step + (is_adding ? 0 : ring.size));
    const int received = ring.part(sent - 1);
    std::vector<float> got(length(received));
    exchange(ring, values.data() + begin(sent), length(sent), got);
    for (std::size_t i = 0; i < got.size(); ++i) {
      auto& value = values[begin(received) + i];
      value = is_adding ? value + got[i] : got[i];
    }
  }
}

/// Whole numbers, so that the order of additions does not show.
std::vector<float> gradients_of(int rank, std::size_t n_values) {
  std::vector<float> values(n_values);
  for (std::size_t i = 0; i < n_values; ++i)
    values[i] = static_cast<float>((i + static_cast<std::size_t>(rank)) % 100);
  return values;
}

bool is_sum(const std::vector<float>& values, int size) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t sum = 0;
    for (int rank = 0; rank < size; ++rank) sum += (i + static_cast<std::size_t>(rank)) % 100;
    if (values[i] != static_cast<float>(sum)) return false;
  }
  return true;
}

double seconds(const std::function<void()>& work) {
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = MPI_Wtime();
  work();
  MPI_Barrier(MPI_COMM_WORLD);
  return MPI_Wtime() - begin;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  Ring ring;
  MPI_Comm_rank(MPI_COMM_WORLD, &ring.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ring.size);
  const auto n_values = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;

  auto values = gradients_of(ring.rank, n_values);
  const double ours = seconds([&] { ring_allreduce(ring, values); });
  int is_right = is_sum(values, ring.size) ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &is_right, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);

  auto again = gradients_of(ring.rank, n_values);
  const double library = seconds([&] {
    MPI_Allreduce(MPI_IN_PLACE, again.data(), static_cast<int>(n_values), MPI_FLOAT, MPI_SUM,
                  MPI_COMM_WORLD);
  });
  if (ring.rank == 0) {
    std::printf("%llu values in %d ranks: ring %.1f ms, MPI_Allreduce %.1f ms, sum %s\n", n_values,
                ring.size, ours * 1e3, library * 1e3, is_right != 0 ? "right" : "wrong");
  }
  MPI_Finalize();
  return is_right != 0 ? 0 : 1;
}
