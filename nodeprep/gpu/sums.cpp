#include "nodeprep/gpu/sums.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "nodeprep/gpu/library.h"
#include "nodeprep/gpu/pairs.h"

#if __has_include(<nccl.h>)
#include <nccl.h>
#endif
#if defined(NCCL_VERSION_CODE) && NCCL_VERSION_CODE >= 21800
#define GPUCHECK_HAS_NCCL 1
#else
#define GPUCHECK_HAS_NCCL 0
#endif

namespace gpucheck {

namespace {

void tell_all(std::span<model::GpuCheck> gpus, const std::string& problem) {
  for (auto& gpu : gpus) {
    if (gpu.sums_problem.empty()) gpu.sums_problem = problem;
  }
}

}  // namespace

#if GPUCHECK_HAS_NCCL

namespace {

constexpr std::size_t n_summed = std::size_t{1} << 25;  // 128 MiB of floats
constexpr int n_timed = 10;

class Nccl {
 public:
  Nccl() : library_("libnccl.so.2") {
    if (!library_.is_there()) throw Failure("libnccl.so.2 is not found");
    library_.take(make_id, "ncclGetUniqueId");
    library_.take(join, "ncclCommInitRank");
    library_.take(split, "ncclCommSplit");
    library_.take(leave, "ncclCommDestroy");
    library_.take(all_reduce, "ncclAllReduce");
    library_.take(begin, "ncclGroupStart");
    library_.take(end, "ncclGroupEnd");
    library_.take(text_of_, "ncclGetErrorString");
    library_.take(last_error_, "ncclGetLastError");
  }

  void need(ncclResult_t status, const char* call) const {
    if (status == ncclSuccess) return;
    const std::string detail = last_error_(nullptr);
    throw Failure(std::string(call) + ": NCCL says: " + text_of_(status) +
                  (detail.empty() ? "" : ": " + detail));
  }

  decltype(&ncclGetUniqueId) make_id = nullptr;
  decltype(&ncclCommInitRank) join = nullptr;
  decltype(&ncclCommSplit) split = nullptr;
  decltype(&ncclCommDestroy) leave = nullptr;
  decltype(&ncclAllReduce) all_reduce = nullptr;
  decltype(&ncclGroupStart) begin = nullptr;
  decltype(&ncclGroupEnd) end = nullptr;

 private:
  Library library_;
  decltype(&ncclGetErrorString) text_of_ = nullptr;
  decltype(&ncclGetLastError) last_error_ = nullptr;
};

/// Calls of a group, which is also ended when one of them fails.
class Group {
 public:
  explicit Group(const Nccl& nccl) : nccl_(nccl) { nccl.need(nccl.begin(), "ncclGroupStart"); }
  ~Group() {
    if (is_open_) (void)nccl_.end();
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  void end() {
    is_open_ = false;
    nccl_.need(nccl_.end(), "ncclGroupEnd");
  }

 private:
  const Nccl& nccl_;
  bool is_open_ = true;
};

/// What one GPU of this node adds, and what comes of it.
struct Part {
  explicit Part(const Identity& its) : device(its), give(n_summed), take(n_summed) {}

  Identity device;
  Stream stream;
  Array<float> give;
  Array<float> take;
};

/// The GPUs of this node in a communicator. They are in the order of their ranks, the first of
/// which is `first`.
class Team {
 public:
  Team(const Nccl& nccl, std::deque<Part>& parts) : nccl_(nccl), parts_(parts) {
    comms_.resize(parts.size());
  }
  ~Team() {
    for (auto* comm : comms_) {
      if (comm != nullptr) (void)nccl_.leave(comm);
    }
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  void join(const ncclUniqueId& id, int first, int total) {
    Group group(nccl_);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      use(parts_[i].device);
      nccl_.need(nccl_.join(&comms_[i], total, id, first + static_cast<int>(i)),
                 "ncclCommInitRank");
    }
    group.end();
  }

  /// All nodes of the whole call it; of the same colour are together. A negative one: alone.
  void split_off(const Team& whole, int colour, int first) {
    Group group(nccl_);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      use(parts_[i].device);
      nccl_.need(nccl_.split(whole.comms_[i], colour < 0 ? NCCL_SPLIT_NOCOLOR : colour,
                             first + static_cast<int>(i), &comms_[i], nullptr),
                 "ncclCommSplit");
    }
    group.end();
  }

  /// Bus bandwidth: what each GPU sends of a sum in a ring, by the time that it takes. Wrong sums
  /// are noted of each GPU.
  double sum(int first, int total, std::span<model::GpuCheck> gpus) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      use(parts_[i].device);
      const auto rank = static_cast<std::uint64_t>(first) + i;
      gpucheck::need(start_fill_part(parts_[i].give.data(), n_summed, rank, parts_[i].stream.get()),
                     "fill_part");
    }
    sum_and_verify(static_cast<std::uint64_t>(total), gpus);  // the first ones are slow, too
    use(parts_.front().device);
    const Stopwatch watch(parts_.front().stream);
    watch.start();
    for (int i = 0; i < n_timed; ++i) sum_once();
    use(parts_.front().device);
    const double seconds = watch.stop_seconds() / n_timed;
    wait();
    sum_and_verify(static_cast<std::uint64_t>(total), gpus);
    const double bytes = static_cast<double>(n_summed * sizeof(float));
    return 2.0 * (total - 1) / total * bytes / seconds;
  }

 private:
  void sum_once() {
    Group group(nccl_);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      nccl_.need(nccl_.all_reduce(parts_[i].give.data(), parts_[i].take.data(), n_summed, ncclFloat,
                                  ncclSum, comms_[i], parts_[i].stream.get()),
                 "ncclAllReduce");
    }
    group.end();
  }

  void wait() {
    for (const auto& part : parts_) {
      use(part.device);
      part.stream.wait();
    }
  }

  /// What was there before is no sum: a number that is not written is found.
  void sum_and_verify(std::uint64_t total, std::span<model::GpuCheck> gpus) {
    for (const auto& part : parts_) {
      use(part.device);
      gpucheck::need(
          cudaMemsetAsync(part.take.data(), 0xff, n_summed * sizeof(float), part.stream.get()),
          "cudaMemsetAsync");
    }
    sum_once();
    verify(total, gpus);
  }

  void verify(std::uint64_t total, std::span<model::GpuCheck> gpus) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      use(parts_[i].device);
      const Counter counter(parts_[i].stream);
      gpucheck::need(start_verify_sum(parts_[i].take.data(), n_summed, total, counter.there(),
                                      parts_[i].stream.get()),
                     "verify_sum");
      gpus[i].wrong_sums += counter.read().count;
    }
  }

  const Nccl& nccl_;
  std::deque<Part>& parts_;
  std::vector<ncclComm_t> comms_;
};

std::deque<Part> parts_of(std::span<const Identity> devices) {
  std::deque<Part> parts;
  for (const auto& device : devices) {
    use(device);
    parts.emplace_back(device);
  }
  return parts;
}

/// `has_met` is set before the ranks meet: until then a failure is to be told to the others.
void meet_and_sum(const Nccl& nccl, const Seat& seat, std::span<const Identity> devices,
                  std::span<model::GpuCheck> gpus, bool& has_met) {
  auto parts = parts_of(devices);
  ncclUniqueId id{};
  if (seat.rank == 0) nccl.need(nccl.make_id(&id), "ncclGetUniqueId");
  std::string bytes(sizeof id, '\0');
  std::memcpy(bytes.data(), &id, sizeof id);
  has_met = true;
  const auto agreed = meet(seat, static_cast<int>(devices.size()), bytes);
  std::memcpy(&id, agreed.secret.data(), sizeof id);
  const auto first_of = [&](int node) {
    int first = 0;
    for (int i = 0; i < node; ++i) first += agreed.n_gpus[static_cast<std::size_t>(i)];
    return first;
  };
  Team whole(nccl, parts);
  const int n_nodes = seat.n_ranks;
  whole.join(id, first_of(seat.rank), first_of(n_nodes));
  for (int round = 0; round < rounds_for(n_nodes); ++round) {
    const int pair = pair_of(seat.rank, n_nodes, round);
    Team team(nccl, parts);
    team.split_off(whole, pair, first_of(seat.rank));
    if (pair < 0) continue;
    int before = 0;  // GPUs of the pair whose ranks are lower
    int total = 0;
    for (int node = 0; node < n_nodes; ++node) {
      if (pair_of(node, n_nodes, round) != pair) continue;
      total += agreed.n_gpus[static_cast<std::size_t>(node)];
      if (node < seat.rank) before += agreed.n_gpus[static_cast<std::size_t>(node)];
    }
    const double rate = team.sum(before, total, gpus);
    for (auto& gpu : gpus) gpu.sums_between_nodes = std::max(gpu.sums_between_nodes, rate);
  }
}

/// The others do without this rank at once, and do not wait for it.
void stay_away(const Seat& seat) {
  try {
    (void)meet(seat, 0, {});
  } catch (const Failure&) {
    return;  // that it takes no part is what they say
  }
}

}  // namespace

void sum_in_node(std::span<const Identity> devices, std::span<model::GpuCheck> gpus) {
  try {
    const Nccl nccl;
    ncclUniqueId id{};
    nccl.need(nccl.make_id(&id), "ncclGetUniqueId");
    auto parts = parts_of(devices);
    Team team(nccl, parts);
    const int total = static_cast<int>(devices.size());
    team.join(id, 0, total);
    const double rate = team.sum(0, total, gpus);
    for (auto& gpu : gpus) gpu.sums_in_node = rate;
  } catch (const Failure& failure) {
    tell_all(gpus, failure.what());
  }
}

void sum_between_nodes(const Seat& seat, std::span<const Identity> devices,
                       std::span<model::GpuCheck> gpus) {
  bool has_met = false;
  try {
    const Nccl nccl;
    meet_and_sum(nccl, seat, devices, gpus, has_met);
  } catch (const Failure& failure) {
    tell_all(gpus, failure.what());
  }
  if (!has_met) stay_away(seat);
}

#else

void sum_in_node(std::span<const Identity> /*devices*/, std::span<model::GpuCheck> gpus) {
  tell_all(gpus, "muster-gpucheck was built without NCCL 2.18 or newer");
}

void sum_between_nodes(const Seat& /*seat*/, std::span<const Identity> /*devices*/,
                       std::span<model::GpuCheck> gpus) {
  tell_all(gpus, "muster-gpucheck was built without NCCL 2.18 or newer");
}

#endif

}  // namespace gpucheck
