#include "lib/model/job.h"

#include <fmt/format.h>

#include <csignal>

#include "lib/base/text.h"

namespace model {

namespace {

constexpr std::string_view prefix = "SIG";
constexpr int last_signal = 31;  // those after it are of the real-time kind

}  // namespace

bool is_save_signal(int number) {
  return number >= 1 && number <= last_signal && number != SIGKILL && number != SIGSTOP;
}

std::optional<int> save_signal_from_text(std::string_view text) {
  if (const auto number = base::parse_int(text, 1, last_signal)) {
    const int signal = static_cast<int>(*number);
    return is_save_signal(signal) ? std::optional(signal) : std::nullopt;
  }
  for (int number = 1; number <= last_signal; ++number) {
    const auto name = signal_name(number);
    if (!is_save_signal(number)) continue;
    if (text == name || text == std::string_view(name).substr(prefix.size())) return number;
  }
  return std::nullopt;
}

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", number);
}

const Roles& roles_of(const JobSpec& job, const StepSpec& step) {
  static const Roles none;
  if (step.roles) return *step.roles;
  return step.nodes || step.tasks || step.tasks_per_node ? none : job.roles;
}

}  // namespace model
