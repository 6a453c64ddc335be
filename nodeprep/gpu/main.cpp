// muster-gpucheck: works the GPUs of this machine hard and says what is wrong with them (man 1
// muster-gpucheck).

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/model/gpu_card.h"
#include "nodeprep/gpu/checks.h"
#include "nodeprep/gpu/device.h"
#include "nodeprep/gpu/meeting.h"
#include "nodeprep/gpu/report.h"
#include "nodeprep/gpu/sums.h"

namespace {

constexpr int exit_well = 0;
constexpr int exit_wrong = 1;
constexpr int exit_usage = 2;
constexpr int exit_no_gpu = 3;
constexpr int exit_late = 4;

struct Wish {
  std::vector<std::string> devices;  // empty: all
  gpucheck::Effort effort;
  double floor_percent = 40;
  unsigned limit_seconds = 300;
  bool is_rank = false;
  bool is_table = false;  // in place of JSON
};

constexpr const char* usage =
    "usage: muster-gpucheck [--device UUID]... [--memory PERCENT] [--time SECONDS]\n"
    "                       [--floor PERCENT] [--limit SECONDS] [--ranks] [--table]\n\n"
    "Looks for wrong results of GPUs and measures what they do: memory, products of matrices, "
    "copies\nand allreduces. Prints a line of JSON for each. More: muster-gpucheck(1).\n";

void say(const std::string& text) {
  std::fprintf(stderr, "muster-gpucheck: %s\n", text.c_str());
}

/// What is being done, for the signal handler that says what took too long.
char doing[256];

void note_doing(const std::string& what) {
  std::strncpy(doing, what.c_str(), sizeof doing - 1);
}

/// Lines of JSON for it: what is known already, were the time over now.
std::atomic<const std::string*> known = nullptr;
static_assert(std::atomic<const std::string*>::is_always_lock_free);

void note_known(const Wish& wish, std::span<const model::GpuCheck> gpus) {
  if (wish.is_table) return;
  static std::deque<std::string> all;  // which stay where they are: the handler may read one
  auto& text = all.emplace_back();
  for (const auto& gpu : gpus) text += gpucheck::json_of(gpu) + '\n';
  known = &text;
}

/// A call into a driver that hangs comes back to nobody.
extern "C" void be_late(int /*signal*/) {
  constexpr std::string_view start = "muster-gpucheck: the time of --limit is over during: ";
  (void)!write(STDERR_FILENO, start.data(), start.size());
  (void)!write(STDERR_FILENO, doing, strnlen(doing, sizeof doing));
  (void)!write(STDERR_FILENO, "\n", 1);
  if (const auto* text = known.load()) (void)!write(STDOUT_FILENO, text->data(), text->size());
  _exit(exit_late);
}

std::optional<double> number_of(const char* text, double low, double high) {
  double number = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  const bool is_good = error == std::errc() && stop == end && number >= low && number <= high;
  return is_good ? std::optional(number) : std::nullopt;
}

/// Why an option cannot be taken; empty: it was.
std::string take(std::string_view option, const char* value, Wish& wish) {
  if (option == "--device") {
    wish.devices.emplace_back(value);
    return {};
  }
  const bool is_percent = option == "--memory" || option == "--floor";
  const double low = option == "--memory" || option == "--limit" ? 1 : 0;
  const double high = is_percent ? 100 : 86400;
  const auto number = number_of(value, low, high);
  if (!number) {
    return std::string(option) + ": expected a number from " +
           std::to_string(static_cast<int>(low)) + " to " + std::to_string(static_cast<int>(high)) +
           ", found '" + value + "'";
  }
  if (option == "--memory") wish.effort.memory_part = *number / 100;
  if (option == "--time") wish.effort.seconds = *number;
  if (option == "--floor") wish.floor_percent = *number;
  if (option == "--limit") wish.limit_seconds = static_cast<unsigned>(*number);
  return {};
}

std::string read_options(const std::vector<const char*>& words, Wish& wish) {
  constexpr std::string_view with_value[] = {"--device", "--memory", "--time", "--floor",
                                             "--limit"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word(words[i]);
    if (word == "--ranks" || word == "--table") {
      (word == "--ranks" ? wish.is_rank : wish.is_table) = true;
      continue;
    }
    if (std::ranges::count(with_value, word) == 0) {
      return "found '" + std::string(word) + "', which is no option; see --help";
    }
    if (++i == words.size()) return std::string(word) + ": expected a value after it";
    if (auto why = take(word, words[i], wish); !why.empty()) return why;
  }
  return {};
}

/// Of those that this process sees. A device that is not there has a problem of its own.
std::vector<gpucheck::Identity> wanted_devices(const Wish& wish,
                                               std::vector<model::GpuCheck>& missing) {
  auto visible = gpucheck::visible_devices();
  if (wish.devices.empty()) return visible;
  std::vector<gpucheck::Identity> wanted;
  for (const auto& uuid : wish.devices) {
    const auto found = std::ranges::find(visible, uuid, &gpucheck::Identity::uuid);
    if (found != visible.end()) {
      wanted.push_back(*found);
      continue;
    }
    model::GpuCheck gpu;
    gpu.uuid = uuid;
    gpu.problem = "the device is not there, of " + std::to_string(visible.size()) + " that are";
    missing.push_back(gpu);
  }
  return wanted;
}

void check(const gpucheck::Identity& device, const Wish& wish, model::GpuCheck& gpu) {
  const auto begin = [&](const char* what) { note_doing(device.uuid + ": " + what); };
  try {
    begin("cudaSetDevice");
    gpucheck::use(device);
    begin("memory");
    gpucheck::check_memory(wish.effort, gpu);
    begin("product of matrices");
    gpucheck::check_product(gpu);
    begin("copies");
    gpucheck::check_copies(gpu);
  } catch (const gpucheck::Failure& failure) {
    gpu.problem = failure.what();
    gpucheck::forget_errors();
  }
}

/// `gpus` begin with the devices, in their order.
void check_all(const std::vector<gpucheck::Identity>& devices, const Wish& wish,
               std::vector<model::GpuCheck>& gpus) {
  note_known(wish, gpus);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    model::GpuCheck gpu;
    gpu.uuid = devices[i].uuid;
    gpu.name = devices[i].name;
    check(devices[i], wish, gpu);
    gpus[i] = std::move(gpu);
    note_known(wish, gpus);
  }
}

/// Of those that are about to sum up.
void note_summing(const Wish& wish, std::vector<model::GpuCheck> gpus,
                  const std::vector<model::GpuCheck>& theirs) {
  for (const auto& gpu : theirs) {
    auto& known_gpu = *std::ranges::find(gpus, gpu.uuid, &model::GpuCheck::uuid);
    known_gpu = gpu;
    if (gpu.sums_problem.empty()) known_gpu.sums_problem = "the time of --limit was over before";
  }
  note_known(wish, gpus);
}

/// Only GPUs that work take part: one that does not would have all others wait.
void sum_up(const Wish& wish, const std::optional<gpucheck::Seat>& seat,
            const std::vector<gpucheck::Identity>& devices, std::vector<model::GpuCheck>& gpus) {
  std::vector<gpucheck::Identity> sound;
  std::vector<model::GpuCheck> theirs;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (!gpus[i].problem.empty()) continue;
    sound.push_back(devices[i]);
    theirs.push_back(gpus[i]);
  }
  note_doing("allreduce in the node");
  note_summing(wish, gpus, theirs);
  if (sound.size() > 1) gpucheck::sum_in_node(sound, theirs);
  note_doing("allreduce between nodes");
  note_summing(wish, gpus, theirs);
  if (seat && seat->n_ranks > 1) gpucheck::sum_between_nodes(*seat, sound, theirs);
  for (const auto& gpu : theirs) *std::ranges::find(gpus, gpu.uuid, &model::GpuCheck::uuid) = gpu;
}

/// Lines of bench/gpu: name, value, unit, what the card can do, and the part of it.
void print_table(int number, const model::GpuCheck& gpu) {
  const auto card = model::card_of(gpu.name).value_or(model::GpuCard{});
  const auto line = [&](const char* what, double value, const char* unit, double reference) {
    if (value <= 0) return;
    std::printf("gpu_%d_%s %.1f %s ", number, what, value / 1e9, unit);
    if (reference > 0) {
      std::printf("%.1f %.2f\n", reference / 1e9, value / reference);
    } else {
      std::printf("- -\n");
    }
  };
  const bool is_blas = gpu.product_by == "cuBLAS";
  line("product", gpu.flops_per_second, "GFLOP/s", is_blas ? card.flops : 0);
  line("to", gpu.to_device, "GB/s", card.bus);
  line("from", gpu.from_device, "GB/s", card.bus);
  line("within", gpu.within, "GB/s", card.memory);
  line("sums", gpu.sums_in_node, "GB/s", 0);
}

/// What people are told; whether all is well.
bool judge(const model::GpuCheck& gpu, double floor_percent) {
  const auto faults = model::faults_of(gpu);
  for (const auto& fault : faults) say(gpu.uuid + ": " + fault);
  const auto shortfalls = model::below_card(gpu, floor_percent / 100);
  for (const auto& less : shortfalls) {
    say(gpu.uuid + ": " + less.what + ": " + std::to_string(less.found / 1e9) + " G" + less.unit +
        ", expected at least " + std::to_string(less.expected / 1e9) + " G" + less.unit +
        ", a part of what a " + gpu.name + " can do (--floor)");
  }
  return faults.empty() && shortfalls.empty();
}

int run(const Wish& wish) {
  std::optional<gpucheck::Seat> seat;
  if (wish.is_rank) {
    // Of --limit: so that there is time left for the sums, and to say who did not come.
    const auto patience = std::chrono::milliseconds(wish.limit_seconds * 900L);
    seat = gpucheck::seat_of_rank(std::chrono::steady_clock::now() + patience);
    if (!seat) {
      say("--ranks: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT and MUSTER_RENDEZVOUS_FILE are not "
          "all there; start it as a step: muster run --ntasks-per-node 1 muster-gpucheck --ranks");
      return exit_usage;
    }
  }
  std::vector<model::GpuCheck> missing;
  std::vector<gpucheck::Identity> devices;
  note_doing("cudaGetDeviceCount");
  try {
    devices = wanted_devices(wish, missing);
  } catch (const gpucheck::Failure& failure) {
    say(std::string(failure.what()) +
        "; expected a GPU of NVIDIA and its driver: see nvidia-smi and CUDA_VISIBLE_DEVICES");
    return exit_no_gpu;
  }
  if (devices.empty() && missing.empty()) {
    say("no GPU is visible; see CUDA_VISIBLE_DEVICES");
    return exit_no_gpu;
  }
  std::vector<model::GpuCheck> gpus;
  for (const auto& device : devices) {
    auto& gpu = gpus.emplace_back();
    gpu.uuid = device.uuid;
    gpu.name = device.name;
    gpu.problem = "the time of --limit was over before its checks were";
  }
  gpus.insert(gpus.end(), missing.begin(), missing.end());
  check_all(devices, wish, gpus);
  sum_up(wish, seat, devices, gpus);
  bool is_well = true;
  int number = 0;
  for (const auto& gpu : gpus) {
    if (wish.is_table) {
      print_table(number++, gpu);
    } else {
      std::printf("%s\n", gpucheck::json_of(gpu).c_str());
    }
    is_well = judge(gpu, wish.floor_percent) && is_well;
  }
  return std::fflush(stdout) == 0 && is_well ? exit_well : exit_wrong;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<const char*> words(argv + 1, argv + argc);
  if (words.size() == 1) {
    const std::string_view word(words.front());
    if (word == "--version") {
      std::printf("muster-gpucheck %s\n", MUSTER_VERSION);
      return exit_well;
    }
    if (word == "--help" || word == "-h") {
      std::fputs(usage, stdout);
      return exit_well;
    }
  }
  Wish wish;
  if (const auto why = read_options(words, wish); !why.empty()) {
    say(why);
    return exit_usage;
  }
  (void)std::signal(SIGALRM, be_late);
  (void)alarm(wish.limit_seconds);
  return run(wish);
}
