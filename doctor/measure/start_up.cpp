#include "doctor/measure/start_up.h"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "doctor/measure/link.h"
#include "lib/base/text.h"

namespace doctor {

namespace {

constexpr base::Duration meeting_time = std::chrono::seconds(10);

std::string key_of(std::size_t rank) {
  return "doctor-" + std::to_string(rank);
}

std::string value_of(std::size_t rank) {
  return std::to_string(rank * rank + 1);
}

/// The value of " name=value" in a line; empty where it has none.
std::string_view word_of(std::string_view line, std::string_view name) {
  for (const auto word : base::split(line, ' ')) {
    if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) {
      return word.substr(name.size() + 1);
    }
  }
  return {};
}

/// The launcher's end of PMI-1.
class Launcher {
 public:
  explicit Launcher(loop::OwnedFd fd) : link_(std::move(fd)) {}

  /// The answer to a request, which has to be of this kind.
  base::Result<std::string> ask(const std::string& request, std::string_view kind) {
    if (auto sent = link_.send_line(request, deadline_); !sent) {
      return std::unexpected(std::move(sent).error().in(request));
    }
    auto answer = link_.read_line(deadline_);
    if (!answer) return std::unexpected(std::move(answer).error().in(request));
    const auto code = word_of(*answer, "rc");
    if (word_of(*answer, "cmd") == kind && (code.empty() || code == "0")) return answer;
    return base::fail(base::Code::corrupt,
                      "found '" + base::printable(*answer) + "' in answer to '" + request + "'");
  }

 private:
  Link link_;
  Deadline deadline_{meeting_time};
};

base::Result<loop::OwnedFd> take_pmi_fd() {
  const char* text = std::getenv("PMI_FD");
  const auto number = base::parse_int(text != nullptr ? text : "", 0, INT32_MAX);
  if (!number) return base::fail(base::Code::invalid, "PMI_FD is not in its environment");
  loop::OwnedFd fd(static_cast<int>(*number));
  if (fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) return base::fail_errno(errno, "PMI_FD");
  return fd;
}

/// Words of PMI-1 in the order in which MPICH says them.
base::Result<void> talk(Launcher& launcher, std::size_t rank, std::size_t n_ranks) {
  const auto begun = launcher.ask("cmd=init pmi_version=1 pmi_subversion=1", "response_to_init");
  if (!begun) return std::unexpected(begun.error());
  const auto named = launcher.ask("cmd=get_my_kvsname", "my_kvsname");
  if (!named) return std::unexpected(named.error());
  const auto space = " kvsname=" + std::string(word_of(*named, "kvsname"));
  const auto put = launcher.ask(
      "cmd=put" + space + " key=" + key_of(rank) + " value=" + value_of(rank), "put_result");
  if (!put) return std::unexpected(put.error());
  const auto met = launcher.ask("cmd=barrier_in", "barrier_out");
  if (!met) return std::unexpected(met.error());
  const auto next = (rank + 1) % n_ranks;
  const auto got = launcher.ask("cmd=get" + space + " key=" + key_of(next), "get_result");
  if (!got) return std::unexpected(got.error());
  const auto value = word_of(*got, "value");
  const auto ended = launcher.ask("cmd=finalize", "finalize_ack");
  if (!ended) return std::unexpected(ended.error());
  if (value == value_of(next)) return {};
  return base::fail(base::Code::corrupt, "found the value '" + base::printable(value) +
                                             "' of rank " + std::to_string(next) + ", expected " +
                                             value_of(next));
}

}  // namespace

base::Result<base::Duration> meet_by_pmi(std::size_t rank, std::size_t n_ranks) {
  auto fd = take_pmi_fd();
  if (!fd) return std::unexpected(std::move(fd).error());
  const loop::Elapsed since;
  Launcher launcher(*std::move(fd));
  if (auto done = talk(launcher, rank, n_ranks); !done) {
    return std::unexpected(std::move(done).error());
  }
  return since.so_far();
}

}  // namespace doctor
